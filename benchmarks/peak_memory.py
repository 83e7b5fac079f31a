"""How far some work raises the memory of this process, or of a graphics card."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import torch

STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class PeakMemory:
    """Counts from when it is made. Linux forgets the peak of what came before; elsewhere that hides smaller work."""

    def __init__(self, device: str) -> None:
        self._device = device
        if device != "cpu":
            torch.cuda.reset_peak_memory_stats(device)
        elif FORGET.exists():
            FORGET.write_text("5")
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
