"""Sounds and pictures for sessions in tests."""

from __future__ import annotations

import numpy as np

from dialogue.minicpm.audio.mel import RATE, Samples
from dialogue.minicpm.chat.request import EncodedPicture


def second(seed: int) -> Samples:
    return (0.1 * np.random.default_rng(seed).standard_normal(RATE)).astype(np.float32)


def picture(seed: int, height: int = 120, width: int = 160) -> EncodedPicture:
    return EncodedPicture(
        np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8), max_slices=1
    )
