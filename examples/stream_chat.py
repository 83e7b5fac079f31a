"""Chats by keyboard, or with lines from a pipe, and prints each reply while it is generated: `stream_chat.py`.

The program keeps the history itself: `Assistant.chat` remembers nothing between two requests.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from omnilive import Assistant


def main(lines: Iterable[str]) -> None:
    history = [{"role": "system", "content": "You are a friendly assistant. Answer in one or two sentences."}]
    with Assistant() as assistant:
        for line in filter(None, map(str.strip, lines)):
            history.append({"role": "user", "content": line})
            reply = ""
            for piece in assistant.chat(history, stream=True):
                print(piece, end="", flush=True)
                reply += piece
            print()
            history.append({"role": "assistant", "content": reply})


if __name__ == "__main__":
    main(sys.stdin)
