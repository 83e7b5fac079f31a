"""TTS: hibari, English, 24 kHz, a hundred times faster than real time on one core.

Synthesises one phrase at a time; `audio.phrases` splits streamed text. The phrase is normalised first (Markdown,
symbols), and the result gives the time of each written word.
"""

from __future__ import annotations

import numpy as np

from audio.chunk import Samples
from audio.speakable import speakable
from audio.voice_timing import SoundingWord, SpokenPhrase, align_words, written_words
from audio.voices.phrase_cache import PhraseCache
from audio.voices.synthesis import RATE_HZ, Synthesis


class Synthesizer:
    """The weights (from hibari's package) and a cache of recent phrases. Shared by all sessions, one call at a
    time; the same phrase always gives the same sound."""

    rate = RATE_HZ

    def __init__(self, threads: int = 1) -> None:
        self._synthesis = Synthesis(threads)
        self._cache = PhraseCache(self._make)

    def warm_up(self) -> None:
        """Loads the pronunciation tables, so that the first phrase is not slower than the others."""
        self._make("Warm, are you? It is 10 degrees in Hibariwise.")

    def say(self, phrase: str) -> Samples:
        """(n,) float32 at `rate`, from 10 ms before the first sound to a natural pause after the last."""
        return self.spoken(phrase).samples

    def spoken(self, phrase: str) -> SpokenPhrase:
        """The phrase as read-only sound with the times of its words; no samples if nothing in it can be spoken."""
        return self._cache.spoken(phrase)

    def _make(self, phrase: str) -> SpokenPhrase:
        pieces: list[Samples] = [np.zeros(0, np.float32)]
        sounding: list[SoundingWord] = []
        now = 0.0
        for readings in self._synthesis.read(speakable(phrase)):
            samples, words_of_part = self._synthesis.sound(readings)
            pieces.append(samples)
            sounding += [SoundingWord(word.word, now + word.start_s, now + word.end_s) for word in words_of_part]
            now += len(samples) / self.rate
        words = align_words(written_words(phrase), sounding)
        return SpokenPhrase(phrase, np.concatenate(pieces), words, self._synthesis.exact)
