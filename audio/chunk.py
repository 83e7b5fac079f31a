"""A chunk of one audio stream, with its position in samples. Reads no clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]  # mono, (n,), full scale is -1..1

HEARING_RATE_HZ = 16_000  # the input rate of VAD and ASR


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """`samples` of one stream at `rate` Hz; `start` is the index of the first one since the stream began."""

    samples: Samples
    rate: int
    start: int

    def __post_init__(self) -> None:
        """Raises ValueError unless float32, mono and at a positive rate."""
        if self.samples.dtype != np.float32 or self.samples.ndim != 1:
            raise ValueError(f"A chunk must be float32 mono, not {self.samples.dtype} {self.samples.shape}.")
        if self.rate <= 0 or self.start < 0:
            raise ValueError(f"The rate ({self.rate} Hz) must be positive and the start ({self.start}) not negative.")

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
