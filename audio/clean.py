"""Makes a Chunk of whatever a sound card, a file or a browser hands over. Changes no rate, judges no loudness."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio.chunk import Chunk, Samples

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4_000, 384_000
MOST_CHANNELS = 32
FULL_SCALE = 1.0
# Floats a little over full scale come from resamplers and loud mixes and are clipped. Far over it they are
# integers in the wrong type, and playing those would hurt someone.
ABSURD_LEVEL = 16.0


def sound_from(array: Any, rate: float, start: int = 0) -> Chunk:
    """Mono float32 in -1..1 from integers or floats, (n,), (n, channels) or (channels, n), first sample at `start`.

    Of two dimensions the shorter is the channels, which are averaged. Integers are scaled by their type, unsigned
    bytes around 128 as in WAV. Raises ValueError for NaN or infinity, for a rate no sound has, and for anything
    that is not sound.
    """
    if not LOWEST_RATE_HZ <= rate <= HIGHEST_RATE_HZ or rate != int(rate):
        raise ValueError(f"{rate} Hz is not a sample rate: give a whole number from 4000 to 384000")
    return Chunk(_in_scale(_mono(np.asarray(array))), int(rate), start)


def _mono(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind not in "iuf":
        raise ValueError(f"sound is made of integers or floats, not {array.dtype}")
    if array.dtype.kind in "iu":
        array = _unit_floats(array)
    if array.ndim == 1:
        return array
    if array.ndim != 2 or min(array.shape) > MOST_CHANNELS:
        raise ValueError(f"sound is (samples,) or (samples, channels), not an array of shape {array.shape}")
    channels_axis = 0 if array.shape[0] < array.shape[1] else 1
    if not array.shape[channels_axis]:
        raise ValueError("sound without a channel: give at least one")
    return np.asarray(array.mean(axis=channels_axis))


def _unit_floats(array: NDArray[Any]) -> NDArray[np.float32]:
    limits = np.iinfo(array.dtype)
    if array.dtype.kind == "u":
        middle = limits.max // 2 + 1
        return ((array.astype(np.float64) - middle) / middle).astype(np.float32)
    return (array / -float(limits.min)).astype(np.float32)


def _in_scale(mono: NDArray[Any]) -> Samples:
    peak = float(np.abs(mono).max(initial=0.0))  # NaN and infinity survive a maximum
    if not np.isfinite(peak):
        raise ValueError("the sound contains NaN or infinite samples: check what produced it")
    if peak > ABSURD_LEVEL:
        raise ValueError(f"float samples reach {peak:.0f} where full scale is 1: divide them, or hand over integers")
    return np.clip(mono.astype(np.float32, copy=False), -FULL_SCALE, FULL_SCALE)
