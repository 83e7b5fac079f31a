"""A question to a running server with OpenBMB's own client: `minicpm_realtime.py http://127.0.0.1:8080 question.wav`.

The client is the package `openbmb-realtime`; it speaks the Realtime dialect of MiniCPM-o, here to whatever model the
server has loaded. A third argument, a JPEG file, is what the camera shows.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from openbmb_realtime import (
    AudioDelta,
    ErrorEvent,
    RealtimeClient,
    RealtimeSession,
    TextDelta,
    UserTranscript,
    VideoSession,
)

RATE_HZ, ANSWER_RATE_HZ = 16_000, 24_000
QUIET_S = 60  # after the question: the microphone stays open


def samples_of(recording: str) -> np.ndarray:
    """The whole recording as float32 mono (n,) at RATE_HZ."""
    with av.open(recording) as file:
        resampler = av.AudioResampler("flt", "mono", RATE_HZ)
        frames = [*file.decode(audio=0), None]  # None empties the resampler
        return np.concatenate([part.to_ndarray()[0] for frame in frames for part in resampler.resample(frame)])


async def speak(session: RealtimeSession, sound: np.ndarray, picture: bytes | None) -> None:
    """Sends the sound as a microphone would, a fifth of a second at a time, with the picture once a second."""
    for number, start in enumerate(range(0, len(sound), RATE_HZ // 5)):
        piece = sound[start : start + RATE_HZ // 5].astype("<f4").tobytes()
        if isinstance(session, VideoSession) and picture is not None and number % 5 == 0:
            await session.send_audio_video(piece, picture)
        else:
            await session.send_audio(piece)
        await asyncio.sleep(0.2)


async def ask(server: str, recording: str, picture: bytes | None) -> None:
    client = RealtimeClient(api_key="none", base_url=server)
    mode = client.audio if picture is None else client.video
    sound = np.concatenate([samples_of(recording), np.zeros(QUIET_S * RATE_HZ, np.float32)])
    voice_s = 0.0
    async with await mode.connect(model="any", system_prompt="Answer briefly.") as session:
        speaking = asyncio.create_task(speak(session, sound, picture))
        async for event in session:
            match event:
                case UserTranscript(text):
                    print("you:", text)
                case AudioDelta(audio):
                    voice_s += len(audio) / 4 / ANSWER_RATE_HZ  # a real program plays it
                case TextDelta(text, end_of_turn):
                    print(text, end="", flush=True)
                    if end_of_turn:
                        break
                case ErrorEvent(code, message):
                    sys.exit(f"{code}: {message}")
        speaking.cancel()
    print(f"\nspoken in {voice_s:.1f} s")


def main(arguments: Sequence[str]) -> None:
    server, recording, *picture = arguments
    asyncio.run(ask(server, recording, Path(picture[0]).read_bytes() if picture else None))


if __name__ == "__main__":
    main(sys.argv[1:])
