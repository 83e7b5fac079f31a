#!/bin/sh
# Sees that the compiled decode step is there and not older than its sources. The package's own build makes it
# (setup.py), unless there was no compiler then; without one the language model runs in torch, and slower.
set -u

built=$(find dialogue/llm/native -name 'decode_step*.so' | head -n 1)
if [ -n "$built" ] && [ -z "$(find dialogue/llm/native \( -name '*.cpp' -o -name '*.h' \) -newer "$built")" ]; then
    exit 0
fi
if ! command -v g++ >/dev/null 2>&1; then
    echo "no C++ compiler: the language model will be slower (sudo apt-get install g++, then make install)"
    exit 1
fi
rm -f dialogue/llm/native/decode_step*.so
"${VENV:-.venv}/bin/python" -m dialogue.llm.native.build && exit 0
echo "the compiled step could not be built: the language model will be slower"
exit 1
