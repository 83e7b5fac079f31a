"""A call to a running server with OpenAI's client: `gpt_live.py http://127.0.0.1:8080 question.wav "What to answer."`.

The client is the package `openai`, and its `client.live` speaks the Live dialect: no turns, sound in both directions.
What the model passes on ("Ask the big model ...") this program answers with its third argument.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import Sequence

import av
import numpy as np
from openai import AsyncOpenAI
from openai.resources.live.live import AsyncLiveConnection

RATE_HZ = 24_000
QUIET_S = 60  # after the question: the microphone stays open
DONE_AFTER_S = 1.5  # without sound


def samples_of(recording: str) -> np.ndarray:
    """The whole recording as int16 mono (n,) at RATE_HZ."""
    with av.open(recording) as file:
        resampler = av.AudioResampler("s16", "mono", RATE_HZ)
        frames = [*file.decode(audio=0), None]  # None empties the resampler
        return np.concatenate([part.to_ndarray()[0] for frame in frames for part in resampler.resample(frame)])


async def speak(connection: AsyncLiveConnection, sound: np.ndarray) -> None:
    """Sends the sound as a microphone would, a tenth of a second at a time."""
    for start in range(0, len(sound), RATE_HZ // 10):
        piece = base64.b64encode(sound[start : start + RATE_HZ // 10].tobytes()).decode()
        await connection.session.input_audio.append(audio=piece)
        await asyncio.sleep(0.1)


async def call(server: str, recording: str, answer: str | None) -> None:
    client = AsyncOpenAI(base_url=f"{server.rstrip('/')}/v1", api_key="none")
    sound = np.concatenate([samples_of(recording), np.zeros(QUIET_S * RATE_HZ, np.int16)])
    voice_s, waiting = 0.0, answer is not None
    async with client.live.connect() as connection:
        await connection.session.start(session={"model": "any", "instructions": "Answer briefly."})
        speaking = asyncio.create_task(speak(connection, sound))
        while True:
            try:  # without turns, silence is what ends an answer
                event = await asyncio.wait_for(connection.recv(), DONE_AFTER_S if voice_s and not waiting else None)
            except TimeoutError:
                break
            match event.type:
                case "session.input_transcript.delta":
                    print("you:", event.delta)
                case "session.output_transcript.delta":
                    print(event.delta, end="", flush=True)
                case "session.output_audio.delta":
                    voice_s += len(base64.b64decode(event.delta)) / 2 / RATE_HZ  # a real program plays it
                case "session.delegation.created" if answer is not None:
                    print("\npassed on to", event.delegation.target)
                    await connection.session.commentary.append(content=answer, delegation_id=event.delegation.id)
                case "session.commentary.appended":
                    waiting, voice_s = False, 0.0
                case "error":
                    sys.exit(event.error.message)
        speaking.cancel()
        await connection.session.close()
        while (event := await connection.recv()).type != "session.closed":
            pass
    print(f"\nspoken in {voice_s:.1f} s; {event.reason} after {event.usage.seconds:.0f} s")


def main(arguments: Sequence[str]) -> None:
    server, recording, *answer = arguments
    asyncio.run(call(server, recording, answer[0] if answer else None))


if __name__ == "__main__":
    main(sys.argv[1:])
