#!/bin/sh
# Installs what the tests use beyond Python packages: a browser, a voice other than the assistant's, PortAudio, a
# sandbox, a compiler, a TURN server. This needs root on Debian or a derivative; elsewhere the missing packages are
# listed, and the tests that need them are skipped.
set -u

# The browser's client of OpenAI's agent framework: one file of its package, of this version.
agents=tests/browser/agents/node_modules/@openai/agents-realtime
version=0.20.0
sum=d6a56973e9ec59a69d2254739f31c8b36bf8c3b3bc346f111956d67aa81c35be
if [ ! -f "$agents/realtime.js" ] && command -v npm >/dev/null 2>&1; then
    there=$(mktemp -d)
    if (cd "$there" && npm pack --silent "@openai/agents-realtime@$version" >/dev/null 2>&1 \
        && tar -xzf ./*.tgz package/dist/bundle/openai-realtime-agents.umd.js package/LICENSE \
        && echo "$sum  package/dist/bundle/openai-realtime-agents.umd.js" | sha256sum -c >/dev/null 2>&1); then
        mkdir -p "$agents"
        cp "$there/package/dist/bundle/openai-realtime-agents.umd.js" "$agents/realtime.js"
        cp "$there/package/LICENSE" "$agents/"
    else
        echo "omnilive: @openai/agents-realtime $version could not be fetched; its test will be skipped" >&2
    fi
    rm -rf "$there"
fi

missing=""
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 \
    || command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"
command -v espeak-ng >/dev/null 2>&1 || missing="$missing espeak-ng"
${VENV:-.venv}/bin/python -c 'import sounddevice' >/dev/null 2>&1 || missing="$missing libportaudio2"
command -v bwrap >/dev/null 2>&1 || missing="$missing bubblewrap"
command -v g++ >/dev/null 2>&1 || missing="$missing g++"
command -v turnserver >/dev/null 2>&1 || missing="$missing coturn"
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    apt-get update -qq >/dev/null && apt-get install -qq -y --no-install-recommends $missing >/dev/null </dev/null \
        && exit 0
    echo "omnilive: could not install$missing; the tests that need them will be skipped" >&2
else
    echo "omnilive: for the whole test suite install:$missing" >&2
    echo "    sudo apt-get install$missing" >&2
    echo "Without them the tests that need them are listed as skipped." >&2
fi
exit 0
