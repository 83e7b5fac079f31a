#!/bin/sh
# Prints the path of a Python that omnilive runs on (3.11 or newer, able to make virtual environments),
# or says what to install. PYTHON=/path/to/python overrules the search.
set -u

suits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

can_make_environments() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

found=""
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
    command -v "$candidate" >/dev/null 2>&1 && suits "$candidate" || continue
    found="$candidate"
    can_make_environments "$candidate" && exec "$candidate" -c 'import sys; print(sys.executable)'
done

if [ -n "$found" ]; then
    version=$("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "omnilive: $found lacks the venv module. Install it, then try again:" >&2
    echo "    sudo apt-get install python$version-venv" >&2
else
    echo "omnilive needs Python 3.11 or newer; python3 here is $(python3 --version 2>&1)." >&2
    echo "Install one (Debian 12 and later, Ubuntu 24.04 and later bring it), then try again:" >&2
    echo "    sudo apt-get install python3.11 python3.11-venv" >&2
    echo "or name one: make PYTHON=/path/to/python3.12 install" >&2
fi
exit 1
