#!/bin/sh
# Type-checks the page's JavaScript with TypeScript (development only), where node and npm are installed.
set -e
cd "$(dirname "$0")/../tests/ui/page"
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "skipped: the check of ui/page needs node and npm"
    exit 0
fi
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    if ! npm ci --no-audit --no-fund --silent; then
        echo "skipped: the check of ui/page needs TypeScript, which npm could not install"
        exit 0
    fi
fi
npm run --silent check
