"""Selects which of the two decoders computes a model on this machine, and at which precision, and estimates the memory
of its weights.

The choice depends on the model's shape and on what is installed, and is made before anything is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dialogue.llm.checkpoints.decoder_config import DecoderConfig
from dialogue.llm.checkpoints.gguf_file import GgufTensor
from dialogue.llm.native.loader import NativeLibrary, NativeMissing, load_library
from dialogue.llm.native.packing import Bits, bytes_per_weight, kind_of
from dialogue.llm.native_decoder import refusal
from dialogue.llm.precision import Precision, Quantisation

# Bytes a weight in the compiled step: groups of 32 weights with a scale (8 bits), or a scale and a minimum (4 bits);
# see native/model.h.
_PACKED: dict[Bits, float] = {8: 34 / 32, 4: 20 / 32}
# Bytes a weight in torch: a scale a row (8 bits), or two bfloat16 numbers for each group of 32 (4 bits).
_TORCH: dict[Precision, float] = {"float32": 4.0, "bfloat16": 2.0, "int8": 1.0, "int4": 0.5 + 4 / 32}


@dataclass(frozen=True, slots=True)
class Route:
    """How a model is computed. `library` is the compiled step; None means torch at `precision`. `bits` None keeps the
    precision of the file. `why` is the reason for the choice."""

    library: NativeLibrary | None
    precision: Precision
    bits: Bits | None
    why: str

    @property
    def label(self) -> str:
        """The precision of the weights, for display."""
        return "the file's own precision" if self.library and self.bits is None else self.precision


@dataclass(frozen=True, slots=True)
class WeightBytes:
    """Bytes of the weights by their role. A tied head that is kept once counts as `head`: each token reads it."""

    layers: float
    embedding: float
    head: float

    @property
    def total(self) -> float:
        return self.layers + self.embedding + self.head

    @property
    def read_per_token(self) -> float:
        """Bytes that each token reads: all but the embedding, of which it needs one row."""
        return self.layers + self.head


def route_for(config: DecoderConfig, wanted: Quantisation, *, from_gguf: bool, device: str = "cpu") -> Route:
    """Selects the route for a model of this shape.

    "auto" is the compiled step where it runs: at the stored precision for a GGUF file, at 8 bits for floats. Where it
    does not run, "auto" is torch: 4 bits for a GGUF file, bfloat16 for floats. "float32" and "bfloat16" always use
    torch, and so does any device but the CPU, where "auto" is bfloat16.
    """
    if device != "cpu":
        return Route(None, "bfloat16" if wanted == "auto" else wanted, None, "the only route there")
    if wanted in ("float32", "bfloat16"):
        return Route(None, wanted, None, "as asked for")
    reason = refusal(config)
    try:
        library = load_library()
    except NativeMissing as missing:
        reason = reason or str(missing)
    if reason:
        precision = ("int4" if from_gguf else "bfloat16") if wanted == "auto" else wanted
        return Route(None, precision, None, f"not compiled: {reason}")
    if wanted == "auto":
        return Route(library, "int8", None if from_gguf else 8, "the fastest route here")
    return Route(library, wanted, 8 if wanted == "int8" else 4, "the fastest route here")


def weight_bytes(config: DecoderConfig, route: Route, stored: Mapping[str, GgufTensor] | None = None) -> WeightBytes:
    """The memory of the weights on a route. `stored` has the tensors of a GGUF file by their names in the file, for a
    route that keeps their precision."""
    if route.library is not None and route.bits is None and stored is not None:
        return _as_stored(stored)
    table = float(config.vocab_size * config.hidden_size)
    layers = config.parameters - table * (1 if config.tied_head else 2)
    if route.library is None:
        # Embeddings and head have 8 bits where the layers have 4.
        tables = _TORCH["int8" if route.precision == "int4" else route.precision] * table
        return WeightBytes(_TORCH[route.precision] * layers, 0.0 if config.tied_head else tables, tables)
    tables = _PACKED[8] * table
    return WeightBytes(_PACKED[route.bits or 8] * layers, 0.0 if config.tied_head else tables, tables)


def _as_stored(tensors: Mapping[str, GgufTensor]) -> WeightBytes:
    def packed(name: str) -> float:
        return bytes_per_weight(kind_of(tensors[name])) * tensors[name].numbers

    layers = sum(packed(name) for name in tensors if name.startswith("blk.") and tensors[name].rows.ndim == 2)
    table, head = packed("token_embd.weight"), "output.weight"
    return WeightBytes(layers, table, packed(head)) if head in tensors else WeightBytes(layers, 0.0, table)
