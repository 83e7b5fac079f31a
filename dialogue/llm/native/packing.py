"""Brings a decoder's matrices into the panels the compiled step reads (model.h says how they look).

4-bit groups of the file keep their codes, scales and minimums bit for bit. What is stored otherwise becomes groups of
4 bits (other 4-bit formats) or 8 bits (all else, floats included).
"""

from __future__ import annotations

import ctypes
from typing import Literal

import numpy as np
from gguf import GGMLQuantizationType as Kind
from gguf import quants
from numpy.typing import NDArray

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.gguf_file import GgufTensor
from dialogue.llm.native.loader import Library, Matrix

Bits = Literal[4, 8]
Bytes = NDArray[np.uint8]

PANEL, GROUP = 16, 32
_STORED_AS: dict[Bits, Kind] = {4: Kind.Q4_1, 8: Kind.Q8_0}
# Of a table of 150,000 rows the library makes several copies as floats.
_ROWS_AT_ONCE = 4096
_FOUR_BITS = (Kind.Q4_0, Kind.Q4_1, Kind.Q4_K, Kind.IQ4_NL, Kind.IQ4_XS)


def bits_of(tensor: GgufTensor) -> Bits:
    """What a stored tensor is packed at unless told otherwise."""
    return 4 if tensor.kind in _FOUR_BITS else 8


def packed_bytes(rows: int, columns: int, bits: Bits) -> int:
    """Size of a packed matrix."""
    return -(-rows // PANEL) * PANEL * (columns // GROUP) * (20 if bits == 4 else 34)


def pack(library: Library, tensor: GgufTensor, rows: int, columns: int, bits: Bits, out: Bytes) -> Matrix:
    """Pack a stored matrix of `rows` and `columns` into `out` (`packed_bytes` long, which must outlive the result).

    Rows are filled up with zeros to a multiple of 16. Raises BadInput where the matrix or `out` has another size.
    """
    if tensor.shape != (rows, columns) or columns % GROUP or out.nbytes != packed_bytes(rows, columns, bits):
        raise BadInput(
            f"A matrix of {tensor.shape} cannot be packed as {(rows, columns)} into {out.nbytes} bytes; "
            "the file does not fit its own description. Use another model file."
        )
    blocks = np.ascontiguousarray(_blocks(tensor, bits))
    missing = -len(blocks) % PANEL
    if missing:
        blocks = np.concatenate((blocks, np.zeros((missing, blocks.shape[1]), np.uint8)))
    target = out.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
    library.calls.decoder_pack(blocks.ctypes.data, blocks.nbytes, len(blocks), columns, bits, target, out.nbytes)
    return Matrix(out.ctypes.data, out.nbytes, len(blocks), columns, bits)


def _blocks(tensor: GgufTensor, bits: Bits) -> Bytes:
    wanted = _STORED_AS[bits]
    if tensor.kind is wanted:
        return tensor.rows
    if tensor.kind is Kind.Q4_0 and bits == 4:
        return _with_minimum(tensor.rows)
    starts = range(0, len(tensor.rows), _ROWS_AT_ONCE)
    pieces = (GgufTensor(tensor.kind, tensor.rows[at : at + _ROWS_AT_ONCE]).floats() for at in starts)
    return np.concatenate([quants.quantize(piece, wanted) for piece in pieces])


def _with_minimum(rows: Bytes) -> Bytes:
    """Q4_0 blocks, scale * (code - 8), as Q4_1 blocks: the same numbers."""
    old = rows.reshape(len(rows), -1, 18)
    minimum = (old[..., :2].copy().view(np.float16) * np.float16(-8)).view(np.uint8)
    return np.concatenate((old[..., :2], minimum, old[..., 2:]), axis=-1).reshape(len(rows), -1)
