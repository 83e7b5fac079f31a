#!/bin/sh
# Installs what the tests use beyond Python packages: a browser, a voice other than the assistant's, PortAudio, a
# sandbox, a compiler, a TURN server. This needs root on Debian or a derivative; elsewhere the missing packages are
# listed, and the tests that need them are skipped.
set -u

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
