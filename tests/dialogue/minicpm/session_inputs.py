"""Audio and pictures for tests."""

from __future__ import annotations

import numpy as np

from dialogue.minicpm.audio.mel import RATE, Samples
from dialogue.minicpm.chat.request import EncodedPicture


def second(seed: int) -> Samples:
    """One second of noise."""
    return (0.1 * np.random.default_rng(seed).standard_normal(RATE)).astype(np.float32)


def picture(seed: int, height: int = 120, width: int = 160) -> EncodedPicture:
    return EncodedPicture(
        np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8), max_slices=1
    )


def noise(seconds: float, seed: int = 0) -> Samples:
    """Noise that swells and fades, so that levels matter."""
    count = round(seconds * RATE)
    swell = 0.3 * (1.1 + np.sin(np.arange(count) / 3000))
    return (np.random.default_rng(seed).standard_normal(count) * swell).astype(np.float32)
