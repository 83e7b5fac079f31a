"""Converts sample arrays of a sound card, a file or a browser into a Chunk. Changes neither rate nor loudness."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio.chunk import Chunk, Samples

MIN_RATE_HZ, MAX_RATE_HZ = 4_000, 384_000
MAX_CHANNELS = 32
FULL_SCALE = 1.0
# Floats slightly over full scale come from resamplers and loud mixes and are clipped. Floats far over it are
# integers in the wrong type; playing them could damage hearing.
IMPLAUSIBLE_LEVEL = 16.0


def sound_from(array: Any, rate: float, start: int = 0) -> Chunk:
    """Mono float32 in -1..1 from integers or floats, (n,), (n, channels) or (channels, n), first sample at `start`.

    The shorter of two dimensions is the channels, which are averaged. Integers are scaled by their type, unsigned
    bytes around 128 as in WAV. Raises ValueError for NaN or infinity, for an implausible rate, and for anything
    that is not audio.
    """
    if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ or rate != int(rate):
        raise ValueError(f"{rate} Hz is not a sample rate: use a whole number from 4000 to 384000.")
    return Chunk(_in_scale(_mono(np.asarray(array))), int(rate), start)


def _mono(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind not in "iuf":
        raise ValueError(f"Audio samples must be integers or floats, not {array.dtype}.")
    if array.dtype.kind in "iu":
        array = _unit_floats(array)
    if array.ndim == 1:
        return array
    if array.ndim != 2 or min(array.shape) > MAX_CHANNELS:
        raise ValueError(f"Audio must have the shape (samples,) or (samples, channels), not {array.shape}.")
    channels_axis = 0 if array.shape[0] < array.shape[1] else 1
    if not array.shape[channels_axis]:
        raise ValueError("The audio has no channel: provide at least one.")
    return np.asarray(array.mean(axis=channels_axis))


def _unit_floats(array: NDArray[Any]) -> NDArray[np.float32]:
    limits = np.iinfo(array.dtype)
    if array.dtype.kind == "u":
        middle = limits.max // 2 + 1
        return ((array.astype(np.float64) - middle) / middle).astype(np.float32)
    return (array / -float(limits.min)).astype(np.float32)


def _in_scale(mono: NDArray[Any]) -> Samples:
    peak = float(np.abs(mono).max(initial=0.0))  # max() propagates NaN and infinity
    if not np.isfinite(peak):
        raise ValueError("The audio contains NaN or infinite samples: check its source.")
    if peak > IMPLAUSIBLE_LEVEL:
        raise ValueError(f"Float samples reach {peak:.0f} where full scale is 1: scale them, or pass integers.")
    return np.clip(mono.astype(np.float32, copy=False), -FULL_SCALE, FULL_SCALE)
