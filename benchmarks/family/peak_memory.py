"""Measures by how much some work raises the memory of this process, or of a GPU."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import torch

STATUS, CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class PeakMemory:
    """Counts from its creation. On Linux the earlier peak is reset; elsewhere a higher earlier peak hides the work."""

    def __init__(self, device: str) -> None:
        self._device = device
        if device != "cpu":
            torch.cuda.reset_peak_memory_stats(device)
        elif CLEAR_REFS.exists():
            CLEAR_REFS.write_text("5")
        self._before = self._peak()

    def raised_by(self) -> int:
        """Bytes, so far."""
        return self._peak() - self._before

    def _peak(self) -> int:
        if self._device != "cpu":
            return torch.cuda.max_memory_allocated(self._device)
        if STATUS.exists():
            [line] = [line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:")]
            return int(line.split()[1]) * 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
