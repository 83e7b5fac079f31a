"""A live call from a program: `live_call.py question.wav photo.jpg`.

The recording is the microphone and the picture, if there is one, the camera. The call is the same as on the page: it
decides when the user has finished, answers by voice, and reports everything as events while it happens.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import av
import numpy as np

from omnilive import Assistant
from stream.runtime.events import ReplyEnded, ReplyText, UserCaption
from ui.api.call_events import Voiced

RATE_HZ = 16_000


def samples_of(recording: str) -> np.ndarray:
    """The whole recording as int16 mono (n,) at RATE_HZ."""
    with av.open(recording) as file:
        resampler = av.AudioResampler("s16", "mono", RATE_HZ)
        frames = [*file.decode(audio=0), None]  # None empties the resampler
        return np.concatenate([part.to_ndarray()[0] for frame in frames for part in resampler.resample(frame)])


def main(arguments: Sequence[str]) -> None:
    recording, *picture = arguments
    voice_s = 0.0
    with Assistant() as assistant, assistant.live() as call:
        if picture:
            call.see(picture[0])
        call.hear(samples_of(recording), rate=RATE_HZ)
        for event in call:
            match event:
                case UserCaption(text="", final=True):
                    print("no words were understood")
                    break
                case UserCaption(text=text, final=True):
                    print("you:", text)
                case ReplyText(text=text):
                    print(text, end="", flush=True)
                case Voiced(samples=samples, rate=rate):
                    voice_s += len(samples) / rate  # a real program plays them
                case ReplyEnded(cut=False):
                    break
    print(f"\nspoken in {voice_s:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
