"""Synthesises phrases with the TTS voice, for an engine that cannot speak."""

from __future__ import annotations

import numpy as np

from audio.chunk import Samples
from audio.models import VoiceModel
from audio.resample import resample_whole
from audio.voice_timing import WRITTEN_WORD
from stream.playout.playback import AudioPiece
from stream.runtime.device_thread import DeviceThread

# The voice peaks at about -12 dBFS; calls are mixed to about -4. The knee bends what would clip.
GAIN = 2.5


class SpeechSynthesis:
    """The TTS of one session: phrases to sound at `out_rate` Hz, computed on the voice's thread."""

    def __init__(self, voice: VoiceModel | None, thread: DeviceThread, out_rate: int) -> None:
        self._voice, self._thread, self._out_rate = voice, thread, out_rate

    async def say(self, phrase: str) -> AudioPiece:
        """The phrase as sound; no samples where nothing in it can be pronounced."""
        return await self._thread.run(self._make, phrase)

    def _make(self, phrase: str) -> AudioPiece:
        assert self._voice is not None, "An engine that speaks needs no speech synthesis."
        spoken = self._voice.spoken(phrase)
        samples = resample_whole(_louder(spoken.samples), self._voice.rate, self._out_rate)
        written = (match.end() for match in WRITTEN_WORD.finditer(phrase))
        ends = tuple((word.end_s, end) for word, end in zip(spoken.words, written, strict=True))
        return AudioPiece(phrase, samples, ends)


def _louder(samples: Samples) -> Samples:
    """Amplifies by GAIN with a soft limit: linear at speech level, below full scale above it."""
    louder: Samples = np.tanh(GAIN * samples).astype(np.float32, copy=False)
    return louder
