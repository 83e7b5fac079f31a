"""Measures how pitch and loudness move at the end of a stretch of speech.

Pitch is a peak of the normalised autocorrelation of 40 ms frames, every 10 ms, in frames that are voiced and not much
quieter than the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio.chunk import HEARING_RATE_HZ, Samples

FRAME, HOP = HEARING_RATE_HZ * 40 // 1000, HEARING_RATE_HZ // 100
FRAMES_PER_S = HEARING_RATE_HZ / HOP
LOWEST_HZ, HIGHEST_HZ = 70, 400
NEARLY = 0.9
VOICED = 0.5  # of the autocorrelation's peak
SILENT_DB = -80.0  # full scale is 0
QUIET_DB = 25.0  # frames this far below the loudest have no pitch
ANALYSED_S = 2.0
END_FRAMES, SLOPE_FRAMES = 10, 25
MOST_SEMITONES, MOST_SLOPE, MOST_DB = 12.0, 60.0, 30.0

Series = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prosody:
    """The end of a stretch of speech against the rest of it. 0 where there is too little to measure.

    `pitch_end`: semitones of its last tenth of a second above the median. `pitch_slope`: semitones per second in its
    last quarter. `level_end`: decibels of its last tenth of a second above the mean.
    """

    pitch_end: float = 0.0
    pitch_slope: float = 0.0
    level_end: float = 0.0


def prosody(samples_16k: Samples) -> Prosody:
    """The prosody of (n,) samples at 16 kHz that end with the last speech."""
    sound = samples_16k[-round(ANALYSED_S * HEARING_RATE_HZ) :]
    if len(sound) < FRAME + END_FRAMES * HOP:
        return Prosody()
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP].astype(np.float64)
    frames = frames - frames.mean(1, keepdims=True)
    level = 10 * np.log10((frames**2).mean(1) + 1e-12)
    if level.max() < SILENT_DB:
        return Prosody()
    loud = level > level.max() - QUIET_DB
    level_end = level[-END_FRAMES:].mean() - level[loud].mean()
    at, pitch = _pitch(frames, loud)
    if len(at) < END_FRAMES:
        return Prosody(level_end=_within(level_end, MOST_DB))
    last = pitch[-SLOPE_FRAMES:]
    slope = np.polyfit(at[-SLOPE_FRAMES:] / FRAMES_PER_S, last, 1)[0]
    return Prosody(
        _within(np.median(pitch[-END_FRAMES:]) - np.median(pitch), MOST_SEMITONES),
        _within(slope, MOST_SLOPE),
        _within(level_end, MOST_DB),
    )


def _pitch(frames: Series, loud: NDArray[np.bool_]) -> tuple[Series, Series]:
    """(numbers of the frames with a pitch, their pitch in semitones)."""
    spectrum = np.fft.rfft(frames * np.hanning(FRAME), 2 * FRAME)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:, :FRAME]
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(FRAME), 2 * FRAME)) ** 2)[:FRAME]
    shortest, longest = HEARING_RATE_HZ // HIGHEST_HZ, HEARING_RATE_HZ // LOWEST_HZ
    # The window's own autocorrelation is divided out, else long periods would look weak.
    normal = correlation / np.maximum(correlation[:, :1], 1e-12) / (window / window[0])[None, :]
    peaks = normal[:, shortest:longest]
    strength = peaks.max(1)
    # Every multiple of the period fits as well: the shortest one that is nearly as strong is meant.
    summit = np.pad((peaks[:, 1:-1] >= peaks[:, :-2]) & (peaks[:, 1:-1] >= peaks[:, 2:]), ((0, 0), (1, 1)))
    nearly = summit & (peaks > NEARLY * strength[:, None])
    period = shortest + np.where(nearly.any(1), nearly.argmax(1), peaks.argmax(1))
    pitched = np.flatnonzero(loud & (strength > VOICED))
    return pitched.astype(np.float64), 12 * np.log2(HEARING_RATE_HZ / period[pitched])


def _within(value: float, most: float) -> float:
    return float(np.clip(value, -most, most))
