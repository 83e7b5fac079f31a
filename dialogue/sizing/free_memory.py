"""How much memory this process has, and may still take: the system's, within the limits of its control groups.

cgroup v2 and v1, as https://docs.kernel.org/admin-guide/cgroup-v2.html and
https://docs.kernel.org/admin-guide/cgroup-v1/memory.html describe their files.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")


class _Files(NamedTuple):
    """File names of one cgroup version, and the field of its statistics for cached files that give way."""

    limit: str
    used: str
    cached: str


_V1 = _Files("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_V2 = _Files("memory.max", "memory.current", "inactive_file")


def free_memory(proc: Path = _PROC, cgroups: Path = _CGROUPS) -> float:
    """Bytes; infinity where the system reports nothing. `proc` and `cgroups` are the folders it is read from."""
    return min(_free_in_system(proc / "meminfo"), *(free for _, free in _groups(proc / "self" / "cgroup", cgroups)))


def whole_memory(proc: Path = _PROC, cgroups: Path = _CGROUPS) -> float:
    """Bytes that the process could have if nothing else ran; infinity where the system reports nothing."""
    return min(_physical(), *(limit for limit, _ in _groups(proc / "self" / "cgroup", cgroups)))


def _free_in_system(meminfo: Path) -> float:
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        return 1024.0 * int(lines["MemAvailable"].split()[0])
    except (OSError, ValueError, KeyError, IndexError):
        return _physical()  # not Linux: the free part is not reported


def _physical() -> float:
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return math.inf


def _groups(membership: Path, cgroups: Path) -> Iterator[tuple[float, float]]:
    """(the limit, what it leaves) of each group from the process's own up to the root, infinity first."""
    yield math.inf, math.inf
    for path in _paths(membership, "memory"):
        yield from (_group(folder, _V1) for folder in _up_to_root(cgroups / "memory", path))
    for path in _paths(membership, ""):
        yield from (_group(folder, _V2) for folder in _up_to_root(cgroups, path))


def _paths(membership: Path, controller: str) -> list[str]:
    """The groups of a v1 controller, or of v2 for "", from lines "4:memory:/a/b" and "0::/a/b"; else the root."""
    try:
        lines = [line.split(":", 2) for line in membership.read_text().splitlines()]
    except OSError:
        lines = []
    return [line[2] for line in lines if len(line) == 3 and controller in line[1].split(",")] or ["/"]


def _up_to_root(root: Path, path: str) -> Iterator[Path]:
    """The group's folder and those above it: a limit holds for everything below. In a container the outer folders
    are missing and its own is the root."""
    inside = PurePosixPath(*(part for part in PurePosixPath(path).parts if part not in ("/", "..")))
    yield from (root / each for each in (inside, *inside.parents))


def _group(folder: Path, files: _Files) -> tuple[float, float]:
    """(the limit, the limit less what is used); cached files give way."""
    try:
        limit, used = int((folder / files.limit).read_text()), int((folder / files.used).read_text())
    except (OSError, ValueError):  # no such group, or "max": no limit
        return math.inf, math.inf
    return float(limit), float(max(limit - used + _cached(folder / "memory.stat", files.cached), 0))


def _cached(statistics: Path, field: str) -> int:
    try:
        return int(dict(line.split() for line in statistics.read_text().splitlines()).get(field, 0))
    except (OSError, ValueError):
        return 0
