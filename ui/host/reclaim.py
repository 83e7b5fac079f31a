"""Gives the memory of ended calls back at once.

The objects of a call refer to one another, so they stay until the garbage collector looks at them, which can take many
calls; what it frees, the allocator keeps. Objects from before the first call are frozen, so a collection is short.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import sys
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

AFTER_S = 0.2  # the last tasks of a call have ended then; calls that end together share one collection
AT_MOST_EVERY_S = 2.0


class Reclaim:
    """Collects garbage on the running event loop, a moment after `soon`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._next = float("-inf")
        self._due: asyncio.TimerHandle | None = None
        self._trim = _allocator_trim()

    @property
    def idle(self) -> bool:
        """Whether no collection is due."""
        return self._due is None

    def soon(self) -> None:
        """A call has ended."""
        if self._due is None:
            self._due = self._loop.call_at(max(self._loop.time() + AFTER_S, self._next), self._collect)

    def close(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _collect(self) -> None:
        self._due = None
        began = time.perf_counter()
        freed = gc.collect()
        self._trim()
        log.debug("%d objects were freed in %.1f ms", freed, 1000 * (time.perf_counter() - began))
        self._next = self._loop.time() + AT_MOST_EVERY_S


def _allocator_trim() -> Callable[[], object]:
    """glibc's malloc_trim, which gives free memory back to the system; nothing where there is none."""
    if sys.platform != "linux":
        return lambda: None
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return (lambda: trim(0)) if trim is not None else lambda: None
