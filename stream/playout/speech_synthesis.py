"""Synthesises phrases with the TTS voice, for an engine that cannot speak."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

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

    def __init__(
        self,
        voice: VoiceModel | None,
        thread: DeviceThread,
        out_rate: int,
        voice_of: Callable[[str, str], Awaitable[VoiceModel | None]] | None = None,
    ) -> None:
        """`voice_of` returns the voice that speaks a phrase in a language ("": the one that its words are in), if there
        is one; without it `voice` speaks all."""
        self._thread, self._out_rate = thread, out_rate
        self._voice, self._voice_of = voice, voice_of

    async def say(self, phrase: str, language: str = "") -> AudioPiece:
        """The phrase as sound, in a language where that is known; no samples where nothing can be pronounced."""
        voice = self._voice if self._voice_of is None else await self._voice_of(phrase, language)
        if voice is None:
            return AudioPiece(phrase, np.zeros(0, np.float32), ((0.0, len(phrase)),))
        return await self._thread.run(self._make, voice, phrase)

    def _make(self, voice: VoiceModel, phrase: str) -> AudioPiece:
        spoken = voice.spoken(phrase)
        samples = resample_whole(_louder(spoken.samples), voice.rate, self._out_rate)
        written = (match.end() for match in WRITTEN_WORD.finditer(phrase))
        ends = tuple((word.end_s, end) for word, end in zip(spoken.words, written, strict=True))
        return AudioPiece(phrase, samples, ends)


def _louder(samples: Samples) -> Samples:
    """Amplifies by GAIN with a soft limit: linear at speech level, below full scale above it."""
    louder: Samples = np.tanh(GAIN * samples).astype(np.float32, copy=False)
    return louder
