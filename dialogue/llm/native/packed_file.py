"""Packed weights, kept beside the model's file: the second start maps them instead of packing anew.

A file is used only if it was made from this very source (size, time, first megabyte), for this plan of matrices and
this layout of panels, and if its contents have their checksum. Nothing in it is ever taken for a size or a place: both
come from the plan. What is stale or damaged is made again. It is written under another name, on space that is reserved
first, and takes its name when it is whole.
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

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
# Name, rows, columns, kind and bytes of each matrix, in order.
Plan = Sequence[tuple[str, int, int, int, int]]

_LOG = logging.getLogger(__name__)
_MAGIC = b"OLPANELS"
_HEADER = struct.Struct("<8sQ32sI")  # magic, bytes of the panels, identity, checksum of the panels
_START = 4096  # where the panels begin: a page, so that a map of them is aligned
_HEAD_OF_SOURCE = 1 << 20
_SPARE = 256 << 20  # bytes that are left free on the disk
_ABANDONED_S = 3600.0  # a part older than this belongs to nobody


def packed_path(source: Path) -> Path:
    """Where the packed weights of a model file are kept."""
    return source.with_name(f"{source.name}.packed")


def kept(source: Path, layout: int, plan: Plan) -> Bytes | None:
    """The panels that were kept for `source`, mapped read-only; None where there are none that can be used."""
    size = sum(entry[-1] for entry in plan)
    try:
        with packed_path(source).open("rb") as file:
            if os.fstat(file.fileno()).st_size != _START + size:
                return None
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        magic, stated, identity, checksum = _HEADER.unpack_from(mapped)
        if (magic, stated, identity) != (_MAGIC, size, _identity(source, layout, plan)):
            return None
    except OSError:
        return None
    panels = np.frombuffer(mapped, np.uint8, size, _START)
    if zlib.crc32(panels.data) != checksum:
        _LOG.warning("%s is damaged and is made again", packed_path(source).name)
        return None
    return panels


def keep(source: Path, layout: int, plan: Plan, fill: Callable[[Bytes], None]) -> Bytes | None:
    """Make the file: `fill` writes the panels. Returns them, mapped; None, and `fill` was not called, where there is
    no room or the folder cannot be written. What `fill` raises is raised."""
    place, size = packed_path(source), sum(entry[-1] for entry in plan)
    try:
        if shutil.disk_usage(place.parent).free < size + _SPARE:
            raise OSError("too little space is left on the disk")
        number, name = tempfile.mkstemp(prefix=f"{place.name}.", suffix=".part", dir=place.parent)
    except OSError as error:
        _LOG.warning("the packed weights of %s are not kept (%s)", source.name, error)
        return None
    part = Path(name)
    _remove_abandoned(part, place)
    try:
        try:
            os.posix_fallocate(number, 0, _START + size)  # without it a full disk would end the process in the map
            mapped = mmap.mmap(number, _START + size)
        except OSError as error:
            _LOG.warning("the packed weights of %s are not kept (%s)", source.name, error)
            return None
        panels = np.frombuffer(mapped, np.uint8, size, _START)
        fill(panels)
        header = _HEADER.pack(_MAGIC, size, _identity(source, layout, plan), zlib.crc32(panels.data))
        mapped[: len(header)] = header
        mapped.flush()
        try:
            part.replace(place)
        except OSError as error:  # the map lives on without a name
            _LOG.warning("the packed weights of %s are not kept (%s)", source.name, error)
        return panels
    finally:
        os.close(number)
        part.unlink(missing_ok=True)


def _identity(source: Path, layout: int, plan: Plan) -> bytes:
    """Of all that the panels depend on."""
    stated = source.stat()
    with source.open("rb") as file:
        head = hashlib.sha256(file.read(_HEAD_OF_SOURCE)).hexdigest()
    parts = [layout, stated.st_size, stated.st_mtime_ns, head, [list(entry) for entry in plan]]
    return hashlib.sha256(json.dumps(parts).encode()).digest()


def _remove_abandoned(part: Path, place: Path) -> None:
    """Removes parts that are much older than `part`, which was just made: processes that wrote them have ended."""
    made = part.stat().st_mtime
    for other in place.parent.glob(f"{place.name}.*.part"):
        with suppress(OSError):  # another process may have removed or renamed it
            if made - other.stat().st_mtime > _ABANDONED_S:
                other.unlink()
