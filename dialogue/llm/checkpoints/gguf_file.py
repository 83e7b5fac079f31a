"""The container format of GGUF: metadata and tensor blocks of a file, mapped, not copied.

Own code because the gguf library's reader makes a Python object for every token of the vocabulary: 6 s for a small
model, against 0.1 s here. What a block of bytes means stays the library's business (`gguf.quants`).
Format: github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants
from numpy.typing import NDArray

from dialogue.errors import BadInput

_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9


@dataclass(frozen=True, slots=True, eq=False)
class GgufTensor:
    """One stored tensor: `rows` as uint8 (..., bytes of a row), a read-only view of the file."""

    kind: GGMLQuantizationType
    rows: NDArray[np.uint8]

    @property
    def numbers(self) -> int:
        """How many there are in it."""
        block, block_bytes = GGML_QUANT_SIZES[self.kind]
        return self.rows.size // block_bytes * block

    def floats(self) -> NDArray[np.float32]:
        """Dequantised by the gguf library; a new array."""
        if self.kind is GGMLQuantizationType.F32:
            return self.rows.view(np.float32).copy()
        return np.asarray(quants.dequantize(self.rows, self.kind), dtype=np.float32)


class GgufFile:
    """`metadata` by full key and `tensors` by name. Raises BadInput for a file that is not whole."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self.metadata, self.tensors = self._read()
        except (OSError, ValueError, struct.error) as error:
            raise BadInput(f"{path.name} is not a whole GGUF file ({error}); download it again.") from error

    def _read(self) -> tuple[dict[str, Any], dict[str, GgufTensor]]:
        cursor = _Cursor(self._bytes)
        magic, version, tensors, fields = cursor.take("<4sIQQ")
        if magic != b"GGUF" or version not in (2, 3):
            raise ValueError("no GGUF version 2 or 3")
        metadata = {}
        for _ in range(fields):
            key = cursor.string()
            metadata[key] = cursor.value(cursor.one("<I"))
        infos = [self._info(cursor) for _ in range(tensors)]
        alignment = int(metadata.get("general.alignment", 32))
        start = -(-cursor.at // alignment) * alignment
        return metadata, {name: self._tensor(start + offset, shape, kind) for name, shape, kind, offset in infos}

    @staticmethod
    def _info(cursor: _Cursor) -> tuple[str, list[int], GGMLQuantizationType, int]:
        name = cursor.string()
        # Sizes are stored innermost first.
        shape = [cursor.one("<Q") for _ in range(cursor.one("<I"))][::-1]
        return name, shape, GGMLQuantizationType(cursor.one("<I")), cursor.one("<Q")

    def _tensor(self, start: int, shape: list[int], kind: GGMLQuantizationType) -> GgufTensor:
        block, block_bytes = GGML_QUANT_SIZES[kind]
        stored = [*shape[:-1], shape[-1] // block * block_bytes]
        rows = np.frombuffer(self._bytes, np.uint8, int(np.prod(stored)), start)
        return GgufTensor(kind, rows.reshape(stored))


class _Cursor:
    """Reads the header front to back."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.at = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self._data, self.at)
        self.at += struct.calcsize(layout)
        return values

    def one(self, layout: str) -> Any:
        return self.take(layout)[0]

    def string(self) -> str:
        size = self.one("<Q")
        text = self._data[self.at : self.at + size].decode("utf-8", "replace")
        self.at += size
        return text

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY:
            item, count = self.take("<IQ")
            return self._array(item, count)
        return self.one(_SCALARS[kind])

    def _array(self, item: int, count: int) -> Any:
        if item in _SCALARS:
            numbers = np.frombuffer(self._data, np.dtype(_SCALARS[item]), count, self.at)
            self.at += numbers.nbytes
            return numbers
        read: Callable[[], Any] = self.string if item == _STRING else lambda: self.value(item)
        return [read() for _ in range(count)]
