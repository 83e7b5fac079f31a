"""Generates test signals: silence, sine tones and white noise."""

from __future__ import annotations

import numpy as np

from audio.chunk import Samples


def silence(seconds: float, rate: int) -> Samples:
    return np.zeros(round(seconds * rate), np.float32)


def sine(frequency_hz: float, seconds: float, rate: int, level: float = 0.5) -> Samples:
    """A pure tone with peaks at `level` of full scale."""
    phase = 2 * np.pi * frequency_hz * np.arange(round(seconds * rate)) / rate
    return (level * np.sin(phase)).astype(np.float32)


def noise(seconds: float, rate: int, level: float = 0.1, seed: int = 0) -> Samples:
    """White noise with a root mean square of `level` of full scale; the same seed gives the same noise."""
    return np.random.default_rng(seed).standard_normal(round(seconds * rate), np.float32) * np.float32(level)
