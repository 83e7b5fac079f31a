"""A piece of one sound stream. Knows its place in samples; reads no clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]  # mono, (n,), full scale is -1..1

HEARING_RATE_HZ = 16_000  # what every ear of ours listens at


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """`samples` of one stream at `rate` Hz; `start` is the index of the first one since the stream began."""

    samples: Samples
    rate: int
    start: int

    def __post_init__(self) -> None:
        """Raises ValueError unless float32, mono and at a positive rate."""
        if self.samples.dtype != np.float32 or self.samples.ndim != 1:
            raise ValueError(f"a chunk is float32 mono, not {self.samples.dtype} {self.samples.shape}")
        if self.rate <= 0 or self.start < 0:
            raise ValueError(f"rate {self.rate} Hz and start {self.start} must be positive")

    @property
    def end(self) -> int:
        """Index of the first sample after this chunk."""
        return self.start + len(self.samples)

    @property
    def start_s(self) -> float:
        return self.start / self.rate

    @property
    def end_s(self) -> float:
        return self.end / self.rate

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.rate
