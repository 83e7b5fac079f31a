"""Selects the clock of the decoder benchmarks."""

from __future__ import annotations

import time
from collections.abc import Callable


def clock_of(threads: int) -> Callable[[], float]:
    """A clock in seconds: processor time for one thread, which excludes other programs; wall time for more."""
    return time.thread_time if threads == 1 else time.perf_counter
