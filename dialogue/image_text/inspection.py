"""Inspects an image-text model of transformers without loading it: kind, sizes, and what its files lack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dialogue.errors import BadInput
from dialogue.image_text.processor import open_processor
from dialogue.image_text.quantising import is_vision_part, large_matrices
from dialogue.image_text.skeleton import compare, config_of, open_checkpoint, skeleton
from dialogue.llm.linear import stored_bytes
from dialogue.llm.precision import PRECISIONS, Precision
from dialogue.sizing.inspection import Differences, Inspection

LANGUAGE, VISION = "language model", "vision tower"


def inspect_image_text(folder: Path, here: bool = True) -> Inspection:
    """Inspects a downloaded folder; only its config unless its weights are `here`. Raises BadInput if it cannot be
    opened at all."""
    config = config_of(folder)
    model = skeleton(config)
    parameters = {LANGUAGE: 0, VISION: 0}
    for name, each in model.named_parameters():
        parameters[VISION if is_vision_part(name) else LANGUAGE] += each.numel()
    weights = {precision: _bytes(model, precision) for precision in PRECISIONS}
    read = {precision: _bytes(model, precision, a_token=True) for precision in PRECISIONS}
    file_bytes, differences, without = None, Differences(), tuple[str, ...]()
    if here:
        checkpoint = open_checkpoint(folder)
        file_bytes, without = checkpoint.nbytes(), _without(folder)
        differences = compare(checkpoint, model)
    return Inspection(
        name=f"{config.model_type}, an image-text model of transformers",
        parameters=parameters,
        file_bytes=file_bytes,
        weight_bytes=weights,
        cache_bytes=_cache_bytes(config.get_text_config(decoder=True), 1000),
        differences=differences,
        token_bytes=read,
        faults=without,
    )


def _bytes(model: Any, precision: Precision, a_token: bool = False) -> int:
    """Bytes of all weights once loaded. `a_token`: only of those read for each generated token, which are at least
    all but the vision tower, the embeddings and the experts."""
    packed, wide = large_matrices(model), 4 if precision == "float32" else 2
    rows = model.get_input_embeddings().weight
    tied = model.get_output_embeddings() is not None and model.get_output_embeddings().weight is rows
    total = 0
    for name, each in model.named_parameters():
        if a_token and (is_vision_part(name) or each.ndim > 2 or (each is rows and not tied)):
            continue
        if name.removesuffix(".weight") in packed:
            total += stored_bytes(each.shape[0], each.shape[1], precision)
        else:
            total += each.numel() * wide
    return total


def _cache_bytes(text: Any, tokens: int) -> int:
    """Bytes of a session's KV cache in 16 bits: full attention grows with the context, sliding attention up to its
    window; the state of other layers is small."""
    layers = getattr(text, "layer_types", None) or ["full_attention"] * text.num_hidden_layers
    heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
    size = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    window = min(tokens, getattr(text, "sliding_window", None) or tokens)
    kept = {"full_attention": tokens, "sliding_attention": window, "chunked_attention": window}
    values: int = sum(kept.get(layer, 0) for layer in layers) * 2 * heads * size
    return values * 2


def _without(folder: Path) -> tuple[str, ...]:
    try:
        open_processor(folder)
    except BadInput as error:
        return (str(error),)
    return ()
