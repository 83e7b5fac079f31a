"""What is in a checkpoint and what it takes to run it, told from headers alone: nothing is loaded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialogue.decoder_config import DecoderConfig
from dialogue.linear import GROUP, Precision
from dialogue.minicpm.checkpoint import Checkpoint, Shapes
from dialogue.minicpm.inventory import Differences, compare
from dialogue.minicpm.kind import Kind, kind_of
from dialogue.minicpm.model import LANGUAGE

PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16", "int8", "int4")
PARTS = {
    "llm": "language model",
    "model": "language model",
    "lm_head": "language model",
    "vpm": "vision tower",
    "resampler": "resampler",
    "apm": "audio encoder",
    "audio_projection_layer": "audio encoder",
    "tts": "voice",
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """`parameters` by part; `weight_bytes` by precision of the language model; `cache_bytes` of a context of 1,000
    tokens in 16 bits."""

    kind: Kind
    parameters: dict[str, int]
    file_bytes: int
    weight_bytes: dict[Precision, int]
    cache_bytes: int
    differences: Differences

    @property
    def whole(self) -> bool:
        return not (self.differences.missing or self.differences.misshapen)

    def lines(self) -> list[str]:
        """For a person to read."""
        total = sum(self.parameters.values())
        lines = [f"{self.kind.value}: {total / 1e6:,.1f} M parameters, {_size(self.file_bytes)} on disk"]
        lines += [f"  {part:16} {count / 1e6:10,.1f} M" for part, count in self.parameters.items()]
        lines.append("memory of the weights: " + ", ".join(f"{p} {_size(n)}" for p, n in self.weight_bytes.items()))
        lines.append(f"and for every 1,000 tokens of context of a session: {_size(self.cache_bytes)} in 16 bits")
        for heading, names in (
            ("missing", self.differences.missing),
            ("of another shape", self.differences.misshapen),
            ("unknown", self.differences.unknown),
        ):
            lines += [f"{heading}: {len(names)}", *(f"  {name}" for name in names[:10])] if names else []
        return [*lines, "complete" if self.whole else "NOT complete: it cannot be run"]


def inspect(path: Path) -> Inspection:
    """A downloaded folder. Raises BadInput where it cannot be opened at all."""
    return inspect_opened(Checkpoint(path))


def inspect_opened(checkpoint: Checkpoint) -> Inspection:
    parameters: dict[str, int] = {}
    for name, shape in checkpoint.shapes.items():
        part = PARTS.get(name.split(".")[0], "other")
        parameters[part] = parameters.get(part, 0) + math.prod(shape)
    return Inspection(
        kind=kind_of(checkpoint.config),
        parameters=parameters,
        file_bytes=sum(_stored(checkpoint, name) for name in checkpoint.shapes),
        weight_bytes={precision: weight_bytes(checkpoint.shapes, precision) for precision in PRECISIONS},
        cache_bytes=cache_bytes(checkpoint.config, 1000),
        differences=compare(checkpoint),
    )


def weight_bytes(shapes: Shapes, precision: Precision) -> int:
    """Memory of all weights once loaded: the language model's matrices at `precision`, the rest at 16 or 32 bits."""
    whole = sum(tensor_bytes(name, shape, precision) for name, shape in shapes.items())
    table = tied_table(shapes)
    # A tied table is stored a second time where its products have fewer bits than its rows.
    second = table is not None and precision in ("int8", "int4")
    return whole + (tensor_bytes("lm_head.weight", table, precision) if table is not None and second else 0)


def tied_table(shapes: Shapes) -> tuple[int, ...] | None:
    """The embeddings of a model that uses them as its head as well; None for others."""
    return None if "lm_head.weight" in shapes else shapes.get("model.embed_tokens.weight")


def tensor_bytes(name: str, shape: tuple[int, ...], precision: Precision) -> int:
    """Of one tensor once loaded, as `dialogue.linear` stores it."""
    wide = 4 if precision == "float32" else 2
    product = len(shape) == 2 and name.startswith((LANGUAGE, "model.", "lm_head."))
    # The last is MiniCPM3's, which takes it apart.
    product = product and "embed_tokens" not in name and "kv_b_proj" not in name
    if not product or precision in ("float32", "bfloat16"):
        return math.prod(shape) * wide
    outputs, inputs = shape
    fits = inputs % GROUP == 0 and outputs % 16 == 0 and "lm_head" not in name
    if precision == "int4" and fits:
        return outputs * inputs // 2 + outputs * (inputs // GROUP) * 4
    return outputs * inputs + outputs * 2


def cache_bytes(config: Mapping[str, Any], tokens: int) -> int:
    """Memory of a session's context of so many tokens, in 16 bits."""
    kind = kind_of(config)
    if kind is Kind.TEXT3:  # latents: compressed keys and values together, and the rotated part of the keys
        row = int(config.get("kv_lora_rank", 256)) + int(config.get("qk_rope_head_dim", 32))
        return tokens * int(config["num_hidden_layers"]) * row * 2
    return DecoderConfig.from_hf(config, kind.family).cache_bytes(tokens)


def _stored(checkpoint: Checkpoint, name: str) -> int:
    bits = {"F64": 64, "I64": 64, "F32": 32, "I32": 32, "F16": 16, "BF16": 16, "I16": 16}
    return math.prod(checkpoint.shapes[name]) * bits.get(checkpoint.dtypes[name], 8) // 8


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
