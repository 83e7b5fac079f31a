"""Text to speech: hibari, English, 24 kHz, on one core a hundred times faster than real time.

Knows phrases, not replies: whoever streams text cuts it first. Says what is written without its markdown and
symbols, and tells when each written word is heard.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from audio.chunk import Samples
from audio.speakable import speakable
from audio.synthesis import RATE_HZ, Synthesis
from audio.voice_timing import Sounding, SpokenPhrase, by_sounding

CACHED_PHRASES = 64
CACHED_LETTERS = 80  # longer phrases are hardly said twice; of these a full cache is about 35 MB


class Synthesizer:
    """The weights (they come in hibari's package) and the phrases said lately. Shared by all sessions, one call
    at a time; the same phrase is always the same sound."""

    rate = RATE_HZ

    def __init__(self, threads: int = 1) -> None:
        self._synthesis = Synthesis(threads)
        self._said: OrderedDict[str, SpokenPhrase] = OrderedDict()

    def warm_up(self) -> None:
        """Loads the tables of pronunciation, so that the first phrase is not slower than the others."""
        self._make("Warm, are you? It is 10 degrees in Hibariwise.")

    def say(self, phrase: str) -> Samples:
        """(n,) float32 at `rate`, from 10 ms before the first sound to a natural pause behind the last."""
        return self.spoken(phrase).samples

    def spoken(self, phrase: str) -> SpokenPhrase:
        """The phrase as sound, read-only, with the times of its words; no sound where nothing in it can be said."""
        if phrase in self._said:
            self._said.move_to_end(phrase)
            return self._said[phrase]
        spoken = self._make(phrase)
        spoken.samples.flags.writeable = False
        if len(phrase) <= CACHED_LETTERS:
            self._said[phrase] = spoken
            if len(self._said) > CACHED_PHRASES:
                self._said.popitem(last=False)
        return spoken

    def _make(self, phrase: str) -> SpokenPhrase:
        pieces: list[Samples] = [np.zeros(0, np.float32)]
        sounding: list[Sounding] = []
        now = 0.0
        for readings in self._synthesis.read(speakable(phrase)):
            samples, heard = self._synthesis.sound(readings)
            pieces.append(samples)
            sounding += [Sounding(word.word, now + word.start_s, now + word.end_s) for word in heard]
            now += len(samples) / self.rate
        words = by_sounding(phrase.split(), sounding)
        return SpokenPhrase(phrase, np.concatenate(pieces), words, self._synthesis.exact)
