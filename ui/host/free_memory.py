"""How much memory this process may still take: what the system can give, within the limit of its container."""

from __future__ import annotations

import math
import os
from pathlib import Path

_SYSTEM = Path("/proc/meminfo")
_CONTAINER = Path("/sys/fs/cgroup")


def free_memory(system: Path = _SYSTEM, container: Path = _CONTAINER) -> float:
    """Bytes; without limit where nobody says."""
    return min(_of_system(system), _of_container(container))


def _of_system(meminfo: Path) -> float:
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        return 1024.0 * int(lines["MemAvailable"].split()[0])
    except (OSError, ValueError, KeyError, IndexError):
        pass
    try:  # not Linux: all there is, for nobody says how much of it is free
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return math.inf


def _of_container(folder: Path) -> float:
    """A container's limit less what it uses; its cached files give way."""
    try:
        limit, used = (folder / "memory.max").read_text().strip(), int((folder / "memory.current").read_text())
        files = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return float(int(limit) - used + int(files.get("inactive_file", 0)))
    except (OSError, ValueError):  # no container, or "max": no limit
        return math.inf
