"""Stores packed weights beside the model's file, so that later starts map them instead of packing again.

A packed file is used only if it was made from the same source (size, time, first megabyte), plan of matrices and layout
of panels, and if its checksum is correct. Sizes and offsets come from the plan, never from the file. A stale or damaged
file is replaced. A new file is written under a temporary name, on space that is reserved first, and renamed when it is
complete.
"""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
import os
import shutil
import struct
import tempfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
# Name, rows, columns, kind and bytes of each matrix, in order.
Plan = Sequence[tuple[str, int, int, int, int]]

_LOG = logging.getLogger(__name__)
_MAGIC = b"OLPANELS"
_HEADER = struct.Struct("<8sQ32sI")  # magic, bytes of the panels, identity, checksum of the panels
_START = 4096  # offset of the panels: one page, so that their map is aligned
_HEAD_OF_SOURCE = 1 << 20
_READ_AT_ONCE = 1 << 20
_SPARE = 256 << 20  # bytes of disk space that stay free
_ABANDONED_S = 3600.0  # a partial file older than this has no writer


def packed_path(source: Path) -> Path:
    """The path of the packed weights of a model file."""
    return source.with_name(f"{source.name}.packed")


def load_packed(source: Path, layout: int, plan: Plan) -> Bytes | None:
    """The stored panels of `source`, mapped read-only; None if there are none or they cannot be used."""
    size = sum(entry[-1] for entry in plan)
    try:
        with packed_path(source).open("rb") as file:
            if os.fstat(file.fileno()).st_size != _START + size:
                return None
            magic, stated, identity, checksum = _HEADER.unpack(file.read(_HEADER.size))
            if (magic, stated, identity) != (_MAGIC, size, _identity(source, layout, plan)):
                return None
            if _checksum(file, _START) != checksum:
                _LOG.warning("%s is damaged; it is made again.", packed_path(source).name)
                return None
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError:
        return None
    return np.frombuffer(mapped, np.uint8, size, _START)


def store_packed(source: Path, layout: int, plan: Plan, fill: Callable[[Bytes], None]) -> Bytes | None:
    """Writes the file; `fill` writes the panels. Returns the mapped panels, or None without calling `fill` if there is
    no space or the folder is not writable. Raises what `fill` raises."""
    place, size = packed_path(source), sum(entry[-1] for entry in plan)
    try:
        if shutil.disk_usage(place.parent).free < size + _SPARE:
            raise OSError("too little free disk space")
        number, name = tempfile.mkstemp(prefix=f"{place.name}.", suffix=".part", dir=place.parent)
    except OSError as error:
        _LOG.warning("The packed weights of %s are not stored: %s", source.name, error)
        return None
    part = Path(name)
    _remove_abandoned(part, place)
    try:
        try:
            os.posix_fallocate(number, 0, _START + size)  # else a full disk would kill the process in `fill`
            mapped = mmap.mmap(number, _START + size)
        except OSError as error:
            _LOG.warning("The packed weights of %s are not stored: %s", source.name, error)
            return None
        panels = np.frombuffer(mapped, np.uint8, size, _START)
        fill(panels)
        header = _HEADER.pack(_MAGIC, size, _identity(source, layout, plan), zlib.crc32(panels.data))
        mapped[: len(header)] = header
        mapped.flush()
        try:
            part.replace(place)
        except OSError as error:  # the map stays valid without a name
            _LOG.warning("The packed weights of %s are not stored: %s", source.name, error)
        return panels
    finally:
        os.close(number)
        part.unlink(missing_ok=True)


def _checksum(file: BinaryIO, start: int) -> int:
    """The checksum of the bytes from `start` on, read and not mapped: only what a model uses counts as its memory."""
    file.seek(start)
    buffer, found = bytearray(_READ_AT_ONCE), 0
    while count := file.readinto(buffer):  # type: ignore[attr-defined]  # BinaryIO declares no readinto
        found = zlib.crc32(memoryview(buffer)[:count], found)
    return found


def _identity(source: Path, layout: int, plan: Plan) -> bytes:
    """A digest of everything that the panels depend on."""
    stated = source.stat()
    with source.open("rb") as file:
        head = hashlib.sha256(file.read(_HEAD_OF_SOURCE)).hexdigest()
    parts = [layout, stated.st_size, stated.st_mtime_ns, head, [list(entry) for entry in plan]]
    return hashlib.sha256(json.dumps(parts).encode()).digest()


def _remove_abandoned(part: Path, place: Path) -> None:
    """Removes partial files that are much older than `part`, which is new: the processes that wrote them have ended."""
    made = part.stat().st_mtime
    for other in place.parent.glob(f"{place.name}.*.part"):
        with suppress(OSError):  # another process may have removed or renamed it
            if made - other.stat().st_mtime > _ABANDONED_S:
                other.unlink()
