"""Packs the matrices of a decoder into the panels that the compiled step reads (layout: model.h).

Types that the step supports (`KNOWN`) keep the codes, scales and minimums of the file bit for bit. Other 4-bit types
become groups of 4 bits; all other types, floats included, become groups of 8 bits.
"""

from __future__ import annotations

import ctypes
from typing import Literal

import numpy as np
from gguf import GGML_QUANT_SIZES, quants
from gguf import GGMLQuantizationType as Kind
from numpy.typing import NDArray

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.gguf_file import GgufTensor
from dialogue.llm.native.loader import Matrix, NativeLibrary

Bits = Literal[4, 8]
Bytes = NDArray[np.uint8]

PANEL, GROUP = 16, 32
KNOWN = (Kind.Q4_1, Kind.Q5_0, Kind.Q8_0, Kind.Q4_K, Kind.Q6_K)
_STORED_AS: dict[Bits, Kind] = {4: Kind.Q4_1, 8: Kind.Q8_0}
# Rows converted at once: the library makes several float copies, too many for a whole table of 150,000 rows.
_ROWS_AT_ONCE = 4096
_FOUR_BITS = (Kind.Q4_0, Kind.IQ4_NL, Kind.IQ4_XS)


def kind_of(tensor: GgufTensor, bits: Bits | None = None) -> Kind:
    """The type that a stored tensor is packed as; `bits` None keeps the type of the file as far as possible."""
    if bits is not None:
        return _STORED_AS[bits]
    if tensor.kind in KNOWN:
        return tensor.kind
    return Kind.Q4_1 if tensor.kind in _FOUR_BITS else Kind.Q8_0


def bits_of(kind: Kind) -> int:
    """Bits of a code."""
    return {Kind.Q4_1: 4, Kind.Q4_K: 4, Kind.Q5_0: 5, Kind.Q6_K: 6, Kind.Q8_0: 8}[kind]


def bytes_per_weight(kind: Kind) -> float:
    """Bytes of a packed weight, scales included; K types store their scales a little wider than the file does."""
    sizes: tuple[int, int] = GGML_QUANT_SIZES[kind]
    block, stored = sizes
    return {Kind.Q4_K: 148 / 256, Kind.Q6_K: 210 / 256}.get(kind, stored / block)


def packed_bytes(library: NativeLibrary, rows: int, columns: int, kind: Kind) -> int:
    """Size of a packed matrix. Raises BadInput if the step does not support a matrix of this size."""
    size: int = library.calls.decoder_packed_bytes(rows, columns, kind)
    if not size:
        raise BadInput(f"A matrix of {rows} x {columns} cannot be packed as {kind.name}; use another model file.")
    return size


def matrix_at(panels: Bytes, rows: int, columns: int, kind: Kind) -> Matrix:
    """A packed matrix; its rows are padded with zeros to a multiple of 16. `panels` must outlive it."""
    return Matrix(panels.ctypes.data, panels.nbytes, -(-rows // PANEL) * PANEL, columns, kind)


def pack(library: NativeLibrary, tensor: GgufTensor, rows: int, columns: int, kind: Kind, out: Bytes) -> None:
    """Packs a stored matrix (`rows`, `columns`) into `out`, which has `packed_bytes` bytes.

    Raises BadInput if the matrix or `out` has another size.
    """
    if tensor.shape != (rows, columns) or out.nbytes != packed_bytes(library, rows, columns, kind):
        raise BadInput(
            f"A matrix of {tensor.shape} cannot be packed as {(rows, columns)} into {out.nbytes} bytes; "
            "the file contradicts its own description. Use another model file."
        )
    blocks = np.ascontiguousarray(_blocks(tensor, kind))
    target = out.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
    library.calls.decoder_pack(blocks.ctypes.data, blocks.nbytes, rows, columns, kind, target, out.nbytes)


def _blocks(tensor: GgufTensor, kind: Kind) -> Bytes:
    if tensor.kind is kind:
        return tensor.rows
    if tensor.kind is Kind.Q4_0 and kind is Kind.Q4_1:
        return _with_minimum(tensor.rows)
    starts = range(0, len(tensor.rows), _ROWS_AT_ONCE)
    pieces = (GgufTensor(tensor.kind, tensor.rows[at : at + _ROWS_AT_ONCE]).floats() for at in starts)
    return np.concatenate([quants.quantize(piece, kind) for piece in pieces])


def _with_minimum(rows: Bytes) -> Bytes:
    """Q4_0 blocks, scale * (code - 8), as Q4_1 blocks with equal values."""
    old = rows.reshape(len(rows), -1, 18)
    minimum = (old[..., :2].copy().view(np.float16) * np.float16(-8)).view(np.uint8)
    return np.concatenate((old[..., :2], minimum, old[..., 2:]), axis=-1).reshape(len(rows), -1)
