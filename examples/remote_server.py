"""Lets an OpenAI-compatible server answer: `remote_server.py http://127.0.0.1:8000/v1 photo.jpg "Who is this?"`.

Only text leaves this machine: pictures and recordings are looked at and transcribed here. vLLM, SGLang, llama.cpp and
Ollama serve this protocol; the server's first model is used.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dialogue.engines.settings import RemoteSettings
from omnilive import Assistant
from stream.models.setup import SETUPS


def main(arguments: Sequence[str]) -> None:
    url, *files, question = arguments
    setup = replace(SETUPS["remote"], engine=RemoteSettings(url=url))
    with Assistant(setup) as assistant:
        print(assistant.chat([{"role": "user", "content": [*map(Path, files), question]}]))


if __name__ == "__main__":
    main(sys.argv[1:])
