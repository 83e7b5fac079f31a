"""Inspects a checkpoint from its headers alone: parameters, memory, differences from its config."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dialogue.llm.checkpoints.adapter import LANGUAGE
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.decoder_config import DecoderConfig
from dialogue.llm.checkpoints.decoder_tensors import Shapes
from dialogue.llm.checkpoints.json_file import read_json
from dialogue.llm.linear import stored_bytes
from dialogue.llm.precision import PRECISIONS, Precision
from dialogue.minicpm.checkpoints.inventory import compare, wanted
from dialogue.minicpm.kind import Kind, kind_of
from dialogue.sizing.inspection import Inspection

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


def inspect_native(path: Path, here: bool = True) -> Inspection:
    """Inspect a downloaded folder, or only its config unless the weights are `here`. Raises BadInput if it cannot be
    opened."""
    if here:
        return inspect_opened(Checkpoint(path))
    config = read_json(path / "config.json")
    return _inspection(config, wanted(config))


def inspect_opened(checkpoint: Checkpoint) -> Inspection:
    """Inspect an opened checkpoint, with its differences from its config."""
    found = _inspection(checkpoint.config, checkpoint.shapes)
    return replace(found, file_bytes=checkpoint.nbytes(), differences=compare(checkpoint))


def _inspection(config: Mapping[str, Any], shapes: Shapes) -> Inspection:
    parameters: dict[str, int] = {}
    for name, shape in shapes.items():
        part = PARTS.get(name.split(".")[0], "other")
        parameters[part] = parameters.get(part, 0) + math.prod(shape)
    return Inspection(
        name=kind_of(config).value,
        parameters=parameters,
        file_bytes=None,
        weight_bytes={precision: weight_bytes(shapes, precision) for precision in PRECISIONS},
        cache_bytes=cache_bytes(config, 1000),
    )


def weight_bytes(shapes: Shapes, precision: Precision) -> int:
    """Bytes of all loaded weights: matrices of the language model at `precision`, the rest at 16 or 32 bits."""
    return sum(tensor_bytes(name, shape, precision) for name, shape in shapes.items())


def tied_table(shapes: Shapes) -> tuple[int, ...] | None:
    """Shape of the embeddings if they are also the head; None otherwise."""
    return None if "lm_head.weight" in shapes else shapes.get("model.embed_tokens.weight")


def tensor_bytes(name: str, shape: tuple[int, ...], precision: Precision) -> int:
    """Bytes of one loaded tensor, as `dialogue.llm.linear` stores it."""
    wide = 4 if precision == "float32" else 2
    language = len(shape) == 2 and name.startswith((LANGUAGE, "model.", "lm_head."))
    if not language or precision in ("float32", "bfloat16"):
        return math.prod(shape) * wide
    outputs, inputs = shape
    if "kv_b_proj" in name:  # of MiniCPM3: a scale a row, in `LatentWeights`
        return outputs * inputs // (1 if precision == "int8" else 2) + outputs * 2
    table = "lm_head" in name or "embed_tokens" in name
    group = Kind.V26.group if name.startswith(LANGUAGE) else Kind.TEXT3.group
    return stored_bytes(outputs, inputs, "int8" if table else precision, group)


def cache_bytes(config: Mapping[str, Any], tokens: int) -> int:
    """Bytes of a session's context of `tokens` tokens, at 16 bits."""
    kind = kind_of(config)
    if kind is Kind.TEXT3:  # latents: compressed keys and values together, and the rotated part of the keys
        row = int(config.get("kv_lora_rank", 256)) + int(config.get("qk_rope_head_dim", 32))
        return tokens * int(config["num_hidden_layers"]) * row * 2
    return DecoderConfig.from_hf(config, kind.family).cache_bytes(tokens)
