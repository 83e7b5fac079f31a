"""Loads the compiled decode step, if it was built and this processor supports it, and declares its functions.

Every structure mirrors one in model.h; addresses are integers. A function of the step raises BadInput for sizes that do
not match (checks.h), and MemoryError.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from ctypes import POINTER, Structure, c_float, c_int, c_int32, c_int64, c_uint8, c_void_p
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dialogue.errors import BadInput

if TYPE_CHECKING:  # it imports torch, and the command line starts without that
    from dialogue.llm.checkpoints.adapter import Adapter

FOLDER = Path(__file__).parent
INSTRUCTION_SETS = {1: "AVX2", 2: "AVX-512 VNNI", 3: "AVX-512 VNNI and AMX"}
NO_MEMORY = -2


class Matrix(Structure):
    _fields_ = (
        *(("panels", c_void_p), ("bytes", c_int64)),
        *((name, c_int32) for name in ("rows", "columns", "kind")),
    )


class Vector(Structure):
    _fields_ = (("numbers", c_void_p), ("count", c_int32))


class Layer(Structure):
    _fields_ = (
        *((name, Vector) for name in ("attention_norm", "mlp_norm", "bias", "query_norm", "key_norm")),
        *((name, Matrix) for name in ("query", "key", "value", "output", "gate", "up", "down")),
    )


class Model(Structure):
    _fields_ = (
        *((name, c_int32) for name in ("layers", "hidden", "heads", "kv_heads", "head_dim", "ffn", "vocab")),
        ("norm_eps", c_float),
        ("layer", POINTER(Layer)),
        ("final_norm", Vector),
        ("embedding", Matrix),
        ("head", Matrix),
    )


class LowRankMatrices(Structure):
    _fields_ = (
        *((name, c_void_p) for name in ("inner", "outer")),
        *((name, c_int32) for name in ("rank", "rows", "columns")),
    )


class LayerAdapter(Structure):
    _fields_ = tuple((name, LowRankMatrices) for name in ("query", "key", "value", "output", "gate", "up", "down"))


class Segment(Structure):
    _fields_ = (
        ("cache", c_void_p),
        ("capacity", c_int64),
        ("length", c_int32),
        ("tokens", c_int32),
        ("cosine", c_void_p),
        ("sine", c_void_p),
        ("adapter", c_void_p),
    )


INTERFACE = 6_000_000 + 1000 * ctypes.sizeof(Layer) + ctypes.sizeof(Model) + ctypes.sizeof(Segment)


class NativeMissing(Exception):
    """The compiled step cannot run on this machine; the text is the reason."""


def _done(outcome: Any, function: Any, _arguments: Any) -> Any:
    """Raises an error for a code other than 0 that a function of the step returned."""
    if outcome == 0:
        return 0
    if outcome == NO_MEMORY:
        raise MemoryError(f"Not enough memory for {function.__name__} of the compiled step.")
    raise BadInput(f"The compiled step refuses {function.__name__}: sizes do not fit together; use another model file.")


def _opened(handle: Any, _function: Any, _arguments: Any) -> Any:
    if handle is None:
        raise BadInput("The compiled step refuses the model: its tensors do not fit together; use another model file.")
    return handle


class NativeLibrary:
    """The compiled functions and the best instruction set of this processor. Calls release the GIL."""

    def __init__(self, path: Path) -> None:
        try:
            self.calls = ctypes.CDLL(str(path))
            self._declare()
        except (OSError, AttributeError) as error:
            raise NativeMissing(f"the compiled step cannot be loaded ({error})") from error
        if self.calls.decoder_interface() != INTERFACE:
            raise NativeMissing("the compiled step was built from other sources; build it again")
        self.instructions: int = self.calls.decoder_instructions()
        if not self.instructions:
            raise NativeMissing("this processor has neither AVX2 nor AVX-512 VNNI")

    def _declare(self) -> None:
        calls = self.calls
        calls.decoder_interface.argtypes = ()
        calls.decoder_instructions.argtypes = ()
        calls.decoder_open.argtypes = (POINTER(Model), c_int, c_int)
        calls.decoder_open.restype = c_void_p
        calls.decoder_open.errcheck = _opened
        calls.decoder_close.argtypes = (c_void_p,)
        calls.decoder_embed.argtypes = (c_void_p, c_void_p, c_int, c_void_p)
        calls.decoder_forward.argtypes = (c_void_p, POINTER(Segment), c_int, c_void_p, c_int, c_int)
        calls.decoder_logits.argtypes = (c_void_p, c_void_p, c_int, c_void_p)
        calls.decoder_move.argtypes = (c_void_p, POINTER(Segment), c_int)
        calls.decoder_layout.argtypes = ()
        calls.decoder_packed_bytes.argtypes = (c_int64, c_int64, c_int)
        calls.decoder_packed_bytes.restype = c_int64
        calls.decoder_pack.argtypes = (c_void_p, c_int64, c_int64, c_int64, c_int, POINTER(c_uint8), c_int64)
        calls.decoder_close.restype = None
        for name in ("embed", "forward", "logits", "move", "pack"):
            function = getattr(calls, f"decoder_{name}")
            function.restype, function.errcheck = c_int, _done


class NativeAdapter:
    """An adapter as the compiled step takes it: the addresses of its matrices, layer by layer. `products` are the names
    of the products of a layer, by the fields of LayerAdapter. The matrices are float32."""

    def __init__(self, adapter: Adapter, layers: int, products: Mapping[str, str]) -> None:
        self._kept = list[object]()  # the step reads their memory
        self._layers = (LayerAdapter * layers)(
            *(LayerAdapter(**self._parts(adapter, number, products)) for number in range(layers))
        )

    @property
    def address(self) -> int:
        return ctypes.addressof(self._layers)

    def _parts(self, adapter: Adapter, number: int, products: Mapping[str, str]) -> dict[str, LowRankMatrices]:
        found = {}
        for field, product in products.items():
            if (part := adapter.parts.get(f"model.layers.{number}.{product}")) is not None:
                inner, outer = part.inner, part.outer.T.contiguous()  # sixteen outputs are read at a time
                self._kept += (inner, outer)
                found[field] = LowRankMatrices(
                    inner.data_ptr(), outer.data_ptr(), len(inner), outer.shape[1], inner.shape[1]
                )
        return found


@cache
def load_library() -> NativeLibrary:
    """The library that was built at installation. Raises NativeMissing if there is none that runs on this machine."""
    built = sorted(FOLDER.glob("decode_step*.so"))
    if not built:
        raise NativeMissing("it was not built at installation, because there was no C++ compiler")
    return NativeLibrary(built[0])
