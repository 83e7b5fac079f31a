"""Which of our two decoders computes a model on this machine, at which precision, and what its weights will take.

Decided from the model's shape and what is installed, before anything is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dialogue.llm.checkpoints.decoder_config import DecoderConfig
from dialogue.llm.checkpoints.gguf_file import GgufTensor
from dialogue.llm.native.loader import Library, NativeMissing, load_library
from dialogue.llm.native.packing import Bits, bytes_a_weight, kind_of
from dialogue.llm.native_decoder import refusal
from dialogue.llm.precision import Precision, Quantisation

# Of the compiled step: groups of 32 weights with a scale (8 bits), or a scale and a minimum (4 bits); native/model.h.
_PACKED: dict[Bits, float] = {8: 34 / 32, 4: 20 / 32}
# Of torch: a scale a row (8 bits), or two of bfloat16 for each group of 32 (4 bits).
_TORCH: dict[Precision, float] = {"float32": 4.0, "bfloat16": 2.0, "int8": 1.0, "int4": 0.5 + 4 / 32}


@dataclass(frozen=True, slots=True)
class Route:
    """`library` is the compiled step's; None means torch at `precision`. `bits` None: as the file stores them."""

    library: Library | None
    precision: Precision
    bits: Bits | None
    why: str

    @property
    def label(self) -> str:
        """The precision of the weights, in a word or two."""
        return "the file's own precision" if self.library and self.bits is None else self.precision


@dataclass(frozen=True, slots=True)
class WeightBytes:
    """Memory of the weights by what they do. A tied head that is kept once counts as `head`: it is read each token."""

    layers: float
    embedding: float
    head: float

    @property
    def total(self) -> float:
        return self.layers + self.embedding + self.head

    @property
    def read_a_token(self) -> float:
        """Of the embedding, a row is looked up."""
        return self.layers + self.head


def route_for(config: DecoderConfig, wanted: Quantisation, *, from_gguf: bool, device: str = "cpu") -> Route:
    """How to compute a model of this shape here.

    "auto" is the compiled step where it runs: as a GGUF file stores its weights, at 8 bits for floats. Where it does
    not run, torch: 4 bits for a file, bfloat16 for floats. "float32" and "bfloat16" are torch's, and so is all that is
    not computed on the processor; bfloat16 is "auto" there.
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
    """`stored` are the tensors of a GGUF file by its own names, for a route that keeps their precision."""
    if route.library is not None and route.bits is None and stored is not None:
        return _as_stored(stored)
    table = float(config.vocab_size * config.hidden_size)
    layers = config.parameters - table * (1 if config.tied_head else 2)
    if route.library is None:
        table_bytes = _TORCH["float32" if route.precision == "float32" else "bfloat16"] * table
        # The head keeps 8 bits where the layers have 4.
        head = _TORCH["int8" if route.precision == "int4" else route.precision] * table
        shared = config.tied_head and route.precision in ("float32", "bfloat16")
        return WeightBytes(_TORCH[route.precision] * layers, 0.0 if shared else table_bytes, head)
    tables = _PACKED[8] * table
    return WeightBytes(_PACKED[route.bits or 8] * layers, 0.0 if config.tied_head else tables, tables)


def _as_stored(tensors: Mapping[str, GgufTensor]) -> WeightBytes:
    def packed(name: str) -> float:
        return bytes_a_weight(kind_of(tensors[name])) * tensors[name].numbers

    layers = sum(packed(name) for name in tensors if name.startswith("blk.") and tensors[name].rows.ndim == 2)
    table, head = packed("token_embd.weight"), "output.weight"
    return WeightBytes(layers, table, packed(head)) if head in tensors else WeightBytes(layers, 0.0, table)
