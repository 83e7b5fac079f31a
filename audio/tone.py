"""Sounds made from arithmetic: test signals, and the small noises an assistant makes without a voice."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from audio.chunk import Samples


def silence(seconds: float, rate: int) -> Samples:
    return np.zeros(round(seconds * rate), np.float32)


def sine(frequency_hz: float, seconds: float, rate: int, level: float = 0.5) -> Samples:
    """A pure tone with peaks at `level` of full scale."""
    phase = 2 * np.pi * frequency_hz * np.arange(round(seconds * rate)) / rate
    return (level * np.sin(phase)).astype(np.float32)


def noise(seconds: float, rate: int, level: float = 0.1, seed: int = 0) -> Samples:
    """White noise whose root mean square is `level` of full scale; the same seed is the same noise."""
    return np.random.default_rng(seed).standard_normal(round(seconds * rate), np.float32) * np.float32(level)


def click_track(at_s: Iterable[float], seconds: float, rate: int, level: float = 0.8) -> Samples:
    """Silence with a one-millisecond click at each of the given times: for measuring delays to the sample."""
    track = silence(seconds, rate)
    length = max(1, rate // 1000)
    for at in at_s:
        first = round(at * rate)
        track[first : first + length] = level
    return track


def ding(rate: int, seconds: float = 0.25, level: float = 0.2) -> Samples:
    """A short soft bell: a fundamental and its fifth, struck and dying away."""
    times = np.arange(round(seconds * rate)) / rate
    bell = np.sin(2 * np.pi * 880 * times) + 0.5 * np.sin(2 * np.pi * 1320 * times)
    strike = np.minimum(times / 0.003, 1) * np.exp(-times / (seconds / 5)) * np.clip((seconds - times) / 0.01, 0, 1)
    return (level * strike * bell / 1.5).astype(np.float32)
