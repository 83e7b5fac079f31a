"""The container format of GGUF: metadata and tensor blocks of a file, mapped, not copied.

Own code because the gguf library's reader makes a Python object for every token of the vocabulary: 6 s for a small
model, against 0.1 s here. What a block of bytes means stays the library's business (`gguf.quants`).
Format: github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3.

Nothing that a file says of itself is believed: every count, length and offset is held against the bytes that are there
before anything of its size is made.
"""

from __future__ import annotations

import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants
from numpy.typing import NDArray

from dialogue.errors import BadInput

_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_LEAST_FIELD, _LEAST_TENSOR = 8 + 4 + 1, 8 + 4 + 8 + 4 + 8  # bytes in the header
_MOST_DIMENSIONS = 4

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class GgufTensor:
    """One stored tensor: `rows` as uint8 (..., bytes of a row), a read-only view of the file."""

    kind: GGMLQuantizationType
    rows: NDArray[np.uint8]

    @property
    def shape(self) -> tuple[int, ...]:
        """Counted in numbers, not in bytes."""
        block, block_bytes = GGML_QUANT_SIZES[self.kind]
        return (*self.rows.shape[:-1], self.rows.shape[-1] // block_bytes * block)

    @property
    def numbers(self) -> int:
        """How many there are in it."""
        return math.prod(self.shape)

    def floats(self) -> NDArray[np.float32]:
        """Dequantised by the gguf library; a new array. Raises BadInput for a kind that holds no floats."""
        if self.kind is GGMLQuantizationType.F32:
            return self.rows.view(np.float32).copy()
        try:
            return np.asarray(quants.dequantize(self.rows, self.kind), dtype=np.float32)
        except NotImplementedError as error:
            raise BadInput(f"Tensors of kind {self.kind.name} hold no weights; use another model file.") from error


class GgufFile:
    """`metadata` by full key and `tensors` by name. Raises BadInput for a file that is not whole or contradicts itself.

    A number, text or list that the file says under a key is best asked for by `whole`, `number`, `text`, `texts`: they
    raise BadInput where it is missing or of another kind.
    """

    def __init__(self, path: Path) -> None:
        if path.exists() and not path.is_file():
            raise BadInput(f"{path} is no file; point to a .gguf file.")
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self.metadata, self.tensors = self._read()
        except (OSError, ValueError, struct.error) as error:
            raise BadInput(f"{path.name} is not a whole GGUF file ({error}); download it again.") from error

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number."""
        return self._typed(key, int, "whole number", default)

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number."""
        value = self.metadata.get(key)
        found = float(value) if type(value) is int else self._typed(key, float, "number", default)
        if not math.isfinite(found):
            raise BadInput(f"{key} of this GGUF file is {found}, no number to compute with; use another model file.")
        return found

    def text(self, key: str, default: str | None = None) -> str:
        """A string."""
        return self._typed(key, str, "text", default)

    def texts(self, key: str) -> list[str]:
        """A list of strings."""
        found: list[Any] = self._typed(key, list, "list of texts", None)
        return found

    def _typed(self, key: str, kind: type[T], named: str, default: T | None) -> T:
        value = self.metadata.get(key, default)
        if type(value) is not kind:  # a truth is no number
            told = "is missing" if value is None else f"is no {named}"
            raise BadInput(f"{key} of this GGUF file {told}; use another model file.")
        return value

    def _read(self) -> tuple[dict[str, Any], dict[str, GgufTensor]]:
        cursor = _Cursor(self._bytes)
        magic, version, tensors, fields = cursor.take("<4sIQQ")
        if magic != b"GGUF" or version not in (2, 3):
            raise ValueError("no GGUF version 2 or 3")
        metadata: dict[str, Any] = {}
        for _ in range(cursor.bounded(fields, _LEAST_FIELD)):
            key = cursor.string()
            if key in metadata:
                raise ValueError(f"{key} is said twice")
            metadata[key] = cursor.value(cursor.one("<I"))
        infos = [self._info(cursor) for _ in range(cursor.bounded(tensors, _LEAST_TENSOR))]
        alignment = metadata.get("general.alignment", 32)
        if type(alignment) is not int or alignment < 1 or alignment & (alignment - 1):
            raise ValueError("its alignment is no power of two")
        start = -(-cursor.at // alignment) * alignment
        found = {name: self._tensor(start + offset, shape, kind) for name, shape, kind, offset in infos}
        if len(found) < len(infos):
            raise ValueError("two of its tensors have one name")
        return metadata, found

    @staticmethod
    def _info(cursor: _Cursor) -> tuple[str, list[int], GGMLQuantizationType, int]:
        name = cursor.string()
        # Sizes are stored innermost first.
        dimensions = cursor.one("<I")
        if not 1 <= dimensions <= _MOST_DIMENSIONS:
            raise ValueError(f"{name} has {dimensions} dimensions")
        shape = [cursor.one("<Q") for _ in range(dimensions)][::-1]
        return name, shape, GGMLQuantizationType(cursor.one("<I")), cursor.one("<Q")

    def _tensor(self, start: int, shape: list[int], kind: GGMLQuantizationType) -> GgufTensor:
        block, block_bytes = GGML_QUANT_SIZES[kind]
        if min(shape) < 1 or shape[-1] % block:
            raise ValueError(f"a tensor of kind {kind.name} cannot have the shape {shape}")
        stored = [*shape[:-1], shape[-1] // block * block_bytes]
        size = math.prod(stored)  # of Python's numbers, which do not wrap around
        if start + size > len(self._bytes):
            raise ValueError("tensors reach beyond its end")
        return GgufTensor(kind, np.frombuffer(self._bytes, np.uint8, size, start).reshape(stored))


class _Cursor:
    """Reads the header front to back."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.at = 0

    def bounded(self, count: int, least: int) -> int:
        """`count`, if as many things of at least so many bytes can follow."""
        if count * least > len(self._data) - self.at:
            raise ValueError("it promises more than it holds")
        return count

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self._data, self.at)
        self.at += struct.calcsize(layout)
        return values

    def one(self, layout: str) -> Any:
        return self.take(layout)[0]

    def string(self) -> str:
        size = self.bounded(self.one("<Q"), 1)
        text = self._data[self.at : self.at + size].decode("utf-8", "replace")
        self.at += size
        return text

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY:
            item, count = self.take("<IQ")
            return self._array(item, count)
        return self.one(_scalar(kind))

    def _array(self, item: int, count: int) -> Any:
        if item == _STRING:
            return [self.string() for _ in range(self.bounded(count, 8))]
        layout = np.dtype(_scalar(item))
        if not count:  # an array at the end of the file: the library refuses to look behind it
            return np.empty(0, layout)
        numbers = np.frombuffer(self._data, layout, self.bounded(count, layout.itemsize), self.at)
        self.at += numbers.nbytes
        return numbers


def _scalar(kind: int) -> str:
    if kind not in _SCALARS:  # lists of lists among them, which no tokenizer has
        raise ValueError(f"values of kind {kind} are not known")
    return _SCALARS[kind]
