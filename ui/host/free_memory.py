"""Measures the memory that this process may still use: the system's free memory within the container's limit."""

from __future__ import annotations

import math
import os
from pathlib import Path

_SYSTEM = Path("/proc/meminfo")
_CONTAINER = Path("/sys/fs/cgroup")


def free_memory(system: Path = _SYSTEM, container: Path = _CONTAINER) -> float:
    """Free bytes; infinity where neither the system nor a container reports them."""
    return min(_of_system(system), _of_container(container))


def _of_system(meminfo: Path) -> float:
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        return 1024.0 * int(lines["MemAvailable"].split()[0])
    except (OSError, ValueError, KeyError, IndexError):
        pass
    try:  # not Linux: all memory, since the free part is not reported
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return math.inf


def _of_container(folder: Path) -> float:
    """The container's limit less its use; cached files count as free, since the kernel drops them."""
    try:
        limit, used = (folder / "memory.max").read_text().strip(), int((folder / "memory.current").read_text())
        files = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return float(int(limit) - used + int(files.get("inactive_file", 0)))
    except (OSError, ValueError):  # no container, or "max": no limit
        return math.inf
