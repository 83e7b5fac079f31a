"""Keeps the keys and values of a prompt that every session begins with, in a file beside the model's.

A later start copies them instead of computing them. A file is used only if it was made from the same tokens by the same
computation of the same model file, and if its checksum is correct; else it is replaced.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

_LOG = logging.getLogger(__name__)
_MAGIC = b"OLPREFIX"
_CHECKSUM = 4


def prefix_path(source: Path) -> Path:
    """The path of the kept prompt of a model file."""
    return source.with_name(f"{source.name}.prefix")


def load_prefix(source: Path, computation: str, ids: Sequence[int], like: Tensor) -> Tensor | None:
    """The kept keys and values, with the shape and dtype of `like`; None if there are none that can be used."""
    try:
        kept = prefix_path(source).read_bytes()
        expected = _MAGIC + _identity(source, computation, ids, like)
    except OSError:
        return None
    start = len(expected) + _CHECKSUM
    if len(kept) != start + like.nbytes or kept[: len(expected)] != expected:
        return None
    numbers = bytearray(kept[start:])
    if zlib.crc32(numbers).to_bytes(_CHECKSUM, "little") != kept[len(expected) : start]:
        _LOG.warning("%s is damaged; it is made again.", prefix_path(source).name)
        return None
    return torch.frombuffer(numbers, dtype=like.dtype).reshape(like.shape)


def store_prefix(source: Path, computation: str, ids: Sequence[int], prefix: Tensor) -> None:
    """Writes the file, if the folder is writable."""
    numbers = prefix.contiguous().view(torch.uint8).numpy().tobytes()
    place = prefix_path(source)
    try:
        identity = _identity(source, computation, ids, prefix)
        number, name = tempfile.mkstemp(prefix=f"{place.name}.", suffix=".part", dir=place.parent)
        part = Path(name)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(_MAGIC + identity + zlib.crc32(numbers).to_bytes(_CHECKSUM, "little") + numbers)
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        _LOG.warning("The prompt of %s is not kept: %s", source.name, error)


def _identity(source: Path, computation: str, ids: Sequence[int], like: Tensor) -> bytes:
    """A digest of everything that the numbers depend on. Raises OSError."""
    stated = source.stat()
    parts = [stated.st_size, stated.st_mtime_ns, computation, list(ids), list(like.shape), str(like.dtype)]
    return hashlib.sha256(json.dumps(parts).encode()).digest()
