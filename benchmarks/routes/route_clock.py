"""The clock that routes of the decoder benchmarks are measured with."""

from __future__ import annotations

import time
from collections.abc import Callable


def clock_of(threads: int) -> Callable[[], float]:
    """Seconds. On one thread its processor time: what else runs on the machine does not count. Else the wall's."""
    return time.thread_time if threads == 1 else time.perf_counter
