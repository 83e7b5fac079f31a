"""Computes the log-mel spectrogram that Whisper was trained on, without padding to thirty seconds.

Slaney's mel scale and area normalisation as in librosa; Hann window, centred frames, reflected edges, the last
frame left out; then Whisper's compression: log10, at most 8 (80 dB) below the loudest, (x + 4) / 4.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from audio.chunk import HEARING_RATE_HZ, Samples

N_FFT = 400
HOP = 160  # samples: a frame every 10 ms
BANDS = 80
FRAMES_PER_S = HEARING_RATE_HZ // HOP

LogMel = NDArray[np.float32]  # (BANDS, frames)


def log_mel(samples: Samples) -> LogMel:
    """(n,) at 16 kHz to (80, n // 160). Needs at least 201 samples, else the edge cannot be reflected."""
    mel = np.log10(np.maximum(power_mel(samples, BANDS), 1e-10))
    scaled: LogMel = (np.maximum(mel, mel.max() - 8.0) + 4.0) / np.float32(4.0)
    return scaled


def power_mel(samples: Samples, bands: int) -> NDArray[np.float32]:
    """(n,) at 16 kHz to the power in each band, (bands, n // 160). Needs at least 201 samples."""
    padded = np.pad(samples, N_FFT // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP][: len(samples) // HOP]
    spectrum = np.fft.rfft(frames * _hann(), axis=1)  # (frames, 201) complex64
    power = spectrum.real**2 + spectrum.imag**2
    return (_filter_bank(bands) @ power.T).astype(np.float32)


@cache
def _hann() -> NDArray[np.float32]:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)


@cache
def _filter_bank(bands: int) -> NDArray[np.float32]:
    """(bands, 201): triangles between neighbouring mel points from 0 to 8 kHz, each of area one."""
    top_hz = HEARING_RATE_HZ / 2
    edges = _hz(np.linspace(0.0, _mel(top_hz), bands + 2))
    bins = np.linspace(0.0, top_hz, N_FFT // 2 + 1)
    widths = np.diff(edges)
    rising = (bins - edges[:-2, None]) / widths[:-1, None]
    falling = (edges[2:, None] - bins) / widths[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


# Slaney's scale is linear up to 1 kHz (15 mel) and logarithmic above, 27 steps to a factor of 6.4.
_LINEAR_HZ_PER_MEL = 200.0 / 3
_BREAK_HZ, _BREAK_MEL = 1000.0, 15.0
_LOG_STEP = np.log(6.4) / 27.0


def _mel(hz: float) -> float:
    assert hz >= _BREAK_HZ, "the linear part of the scale is not implemented"
    return float(_BREAK_MEL + np.log(hz / _BREAK_HZ) / _LOG_STEP)


def _hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _LINEAR_HZ_PER_MEL, above)
