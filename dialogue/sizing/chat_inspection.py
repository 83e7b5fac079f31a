"""Inspects a chat model of the Llama family, in a folder or a GGUF file: parameters, memory, defects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dialogue.errors import AssistantError
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.decoder_config import DecoderConfig
from dialogue.llm.checkpoints.decoder_tensors import SPARE, Shapes, decoder_tensors
from dialogue.llm.checkpoints.decoder_weights import GgufWeights
from dialogue.llm.checkpoints.gguf_file import GgufFile
from dialogue.llm.checkpoints.json_file import read_json
from dialogue.llm.decoder_route import WeightBytes, route_for, weight_bytes
from dialogue.llm.language_model import tokenizer_in
from dialogue.llm.precision import PRECISIONS, Precision
from dialogue.sizing.inspection import Differences, Inspection


def inspect_chat(folder: Path, here: bool = True) -> Inspection:
    """Inspects a downloaded folder, or only its config if the weights are not `here`. Raises BadInput if it cannot be
    opened."""
    config = read_json(folder / "config.json")
    shape = DecoderConfig.from_hf(config)

    def weights(precision: Precision) -> WeightBytes:
        return weight_bytes(shape, route_for(shape, precision, from_gguf=False))

    name = f"{config['model_type']} chat model"
    if not here:
        return _inspection(name, shape, None, weights)
    checkpoint = Checkpoint(folder)
    return _inspection(name, shape, checkpoint.nbytes(), weights, compare(checkpoint, shape), _faults(folder))


def inspect_gguf(path: Path) -> Inspection:
    """Inspects a GGUF file, which keeps its own precision. Raises BadInput if it is damaged or of another family."""
    file = GgufFile(path)
    weights = GgufWeights(file)
    shape = weights.config
    stored = weight_bytes(shape, route_for(shape, "auto", from_gguf=True), file.tensors)

    def bytes_at(precision: Precision) -> WeightBytes:
        return weight_bytes(shape, route_for(shape, precision, from_gguf=True), file.tensors)

    want, have = decoder_tensors(shape), weights.shapes
    differences = Differences(
        missing=sorted(name for name in want if name not in have), misshapen=_misshapen(want, have)
    )
    name = f"{weights.architecture} chat model in a GGUF file, {stored.total / 1e6:.1f} MB of memory as it is stored"
    return _inspection(name, shape, path.stat().st_size, bytes_at, differences)


def compare(checkpoint: Checkpoint, shape: DecoderConfig) -> Differences:
    """Compares a checkpoint with its config."""
    want, have = decoder_tensors(shape), checkpoint.shapes
    spare = "lm_head.weight"  # some files contain a tied head
    return Differences(
        missing=sorted(name for name in want if name not in have),
        unknown=sorted(name for name in have if name not in want and name != spare and not SPARE.match(name)),
        misshapen=sorted([*_misshapen(want, have), *checkpoint.non_float_tensors(want)]),
    )


def _misshapen(want: Shapes, have: Shapes) -> list[str]:
    return sorted(
        f"{name} is {have[name]}, not {shape}" for name, shape in want.items() if have.get(name, shape) != shape
    )


def _faults(folder: Path) -> tuple[str, ...]:
    try:
        words = tokenizer_in(folder)
    except AssistantError as error:
        return (str(error),)
    return () if words.chat_template else (f"{folder} has no chat template; take a model made for chat.",)


def _inspection(
    name: str,
    shape: DecoderConfig,
    file_bytes: int | None,
    weights: Callable[[Precision], WeightBytes],
    differences: Differences | None = None,
    faults: tuple[str, ...] = (),
) -> Inspection:
    counted = {precision: weights(precision) for precision in PRECISIONS}
    return Inspection(
        name=name,
        parameters={"language model": shape.parameters},
        file_bytes=file_bytes,
        weight_bytes={precision: round(each.total) for precision, each in counted.items()},
        cache_bytes=shape.cache_bytes(1000),
        differences=differences or Differences(),
        token_bytes={precision: round(each.read_per_token) for precision, each in counted.items()},
        faults=faults,
    )
