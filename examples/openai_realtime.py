"""A typed question to a running server with OpenAI's client: `openai_realtime.py http://127.0.0.1:8080 "Question?"`.

The client is the package `openai`. The words are printed as they are spoken.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Sequence

from openai import OpenAI

RATE_HZ = 24_000


def main(arguments: Sequence[str]) -> None:
    server, question = arguments
    client = OpenAI(base_url=f"{server.rstrip('/')}/v1", api_key="none")
    voice_s = 0.0
    with client.realtime.connect(model="any") as connection:
        connection.session.update(session={"type": "realtime", "instructions": "Answer briefly."})
        connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": question}]}
        )
        connection.response.create()
        for event in connection:
            match event.type:
                case "response.output_audio_transcript.delta":
                    print(event.delta, end="", flush=True)
                case "response.output_audio.delta":
                    voice_s += len(base64.b64decode(event.delta)) / 2 / RATE_HZ  # a real program plays it
                case "error":
                    sys.exit(event.error.message)
                case "response.done":
                    break
    print(f"\nspoken in {voice_s:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
