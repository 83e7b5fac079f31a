"""A voice that plays one tone for each word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from audio.voice_timing import SpokenPhrase, WordTime
from stream.models.components import Component

RATE_HZ, WORD_S = 24_000, 0.2


class BeepVoice:
    rate = RATE_HZ

    def warm_up(self) -> None:
        """Nothing to load."""

    def spoken(self, phrase: str) -> SpokenPhrase:
        """The phrase as (n,) float32 at `rate`, with the time of each word."""
        words = phrase.split()
        times = tuple(WordTime(word, number * WORD_S, (number + 1) * WORD_S) for number, word in enumerate(words))
        seconds = np.arange(round(WORD_S * RATE_HZ)) / RATE_HZ
        tones = [0.2 * np.sin(2 * np.pi * (300 + 20 * len(word)) * seconds) for word in words]
        samples = np.concatenate([np.zeros(0), *tones]).astype(np.float32)
        return SpokenPhrase(phrase, samples, times, exact=True)


def open_voice(_weights: Mapping[str, Path]) -> BeepVoice:
    return BeepVoice()


COMPONENT = Component("beeps", "plays a tone for each word", open_voice)
