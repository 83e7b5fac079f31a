"""Collects the pieces of a recording of unknown length in one array, without a second copy of it."""

from __future__ import annotations

import numpy as np

from audio.chunk import Samples

FIRST_SAMPLES = 16_000


class GrowingSound:
    """Mono float32 samples. The memory doubles when it is full: the system moves large arrays without copying them."""

    def __init__(self) -> None:
        self._samples: Samples = np.empty(FIRST_SAMPLES, np.float32)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, piece: Samples) -> None:
        end = self._count + len(piece)
        if end > len(self._samples):
            self._samples.resize(max(end, 2 * len(self._samples)), refcheck=False)
        self._samples[self._count : end] = piece
        self._count = end

    def whole(self) -> Samples:
        """All samples, (n,). Nothing can be added after this."""
        whole, self._samples = self._samples, np.empty(0, np.float32)
        whole.resize(self._count, refcheck=False)
        self._count = 0
        return whole
