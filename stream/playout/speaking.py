"""Stage: phrases -> sound, for an engine that cannot speak. Knows nothing of turns."""

from __future__ import annotations

import re

import numpy as np

from audio.chunk import Samples
from audio.models import VoiceModel
from audio.resample import resample_whole
from stream.playout.playback import AudioPiece
from stream.runtime.device_thread import DeviceThread

WORD = re.compile(r"\S+")

# The voice peaks at about -12 dBFS; calls are mixed to about -4. The knee bends what would clip.
GAIN = 2.5


class SpeechSynthesis:
    """The mouth of one session: says phrases at `out_rate`, on the voice's thread."""

    def __init__(self, voice: VoiceModel | None, thread: DeviceThread, out_rate: int) -> None:
        self._voice, self._thread, self._out_rate = voice, thread, out_rate

    async def say(self, phrase: str) -> AudioPiece:
        """The phrase as sound; without any where nothing in it can be said."""
        return await self._thread.run(self._make, phrase)

    def _make(self, phrase: str) -> AudioPiece:
        assert self._voice is not None, "this engine speaks for itself"
        spoken = self._voice.spoken(phrase)
        samples = resample_whole(_louder(spoken.samples), self._voice.rate, self._out_rate)
        written = (match.end() for match in WORD.finditer(phrase))
        ends = tuple((word.end_s, end) for word, end in zip(spoken.words, written, strict=True))
        return AudioPiece(phrase, samples, ends)


def _louder(samples: Samples) -> Samples:
    """By GAIN, below full scale: linear at speech level, bent towards 1 above."""
    return np.tanh(GAIN * samples).astype(np.float32, copy=False)
