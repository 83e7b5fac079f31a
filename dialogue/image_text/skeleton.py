"""Builds a model of transformers without weights, from its config, to compare a checkpoint with it.

The model is on the meta device, which takes no memory; names of old checkpoints are converted and parts merged as
transformers does when it loads, but nothing is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForImageTextToText, logging
from transformers.conversion_mapping import get_model_conversion_mapping
from transformers.core_model_loading import convert_and_load_state_dict_in_model
from transformers.modeling_utils import LoadStateDictConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.checkpoint import FLOATS, Checkpoint
from dialogue.sizing.inspection import Differences

META = torch.device("meta")


def config_of(folder: Path) -> Any:
    """transformers' config of a folder whose model can be opened. Raises BadInput for any other."""
    logging.set_verbosity_error()  # hides advice about kernels and the progress of shards
    logging.disable_progress_bar()
    if not (folder / "config.json").is_file():
        raise BadInput(f"{folder} has no config.json; name the folder of a downloaded model.")
    try:
        config = AutoConfig.from_pretrained(folder)
    except Exception as error:  # a broken file, or a model that needs its own code
        message = " ".join(str(error).split())[:200]
        raise BadInput(
            f"The model in {folder} cannot be opened by transformers ({message}); choose another one."
        ) from error
    kind = str(config.model_type)
    if kind not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        raise BadInput(
            f"The model in {folder}, of type {kind!r}, is none that takes pictures and text and answers in text. "
            "Supported models of text alone are Llama, Qwen2, Qwen3 and MiniCPM3."
        )
    if getattr(config, "is_encoder_decoder", False):
        raise BadInput(f"The model in {folder}, of type {kind!r}, is an encoder and a decoder; use a chat model.")
    if getattr(config, "quantization_config", None):
        raise BadInput(
            f"The weights in {folder} are quantised already; use the original model and choose a precision here."
        )
    return config


def skeleton(config: Any) -> Any:
    """The model on the meta device. Raises BadInput for an invalid config."""
    try:
        with META:
            return AutoModelForImageTextToText.from_config(config, dtype=torch.bfloat16).eval().requires_grad_(False)
    except Exception as error:  # a constructor may raise any type for a broken config
        message = " ".join(str(error).split())[:200]
        raise BadInput(
            f"The config.json is not valid for {config.model_type} ({message}); fetch the model again."
        ) from error


def open_checkpoint(folder: Path) -> Checkpoint:
    """Reads the headers of the weight files. Raises BadInput for missing, truncated or damaged ones."""
    alone = "model.safetensors"
    indexed = (folder / f"{alone}.index.json").exists()
    return Checkpoint(folder, [alone] if not indexed and (folder / alone).exists() else None)


def compare(checkpoint: Checkpoint, model: Any) -> Differences:
    """Compares a checkpoint with the skeleton of its config, under the model's own names. Consumes `model`."""
    placeholders = {name: _Placeholder(checkpoint, name) for name in checkpoint.shapes}
    plan = LoadStateDictConfig(
        device_map={"": META}, dtype=torch.bfloat16, weight_mapping=get_model_conversion_mapping(model)
    )
    found, _ = convert_and_load_state_dict_in_model(model, placeholders, plan)
    model.tie_weights(missing_keys=found.missing_keys, recompute_mapping=False)
    model._adjust_missing_and_unexpected_keys(found)
    misshapen = [f"{name} is {tuple(have)}, not {tuple(want)}" for name, have, want in found.mismatched_keys]
    misshapen += [f"{name} cannot be merged" for name in found.conversion_errors]
    misshapen += [
        f"{name} is stored as {checkpoint.dtypes[name]}" for name, each in placeholders.items() if each.no_float
    ]
    return Differences(sorted(found.missing_keys), sorted(found.unexpected_keys), sorted(misshapen))


class _Placeholder:
    """Represents a tensor of a file: its shape, and whether floats are requested of an integer tensor."""

    def __init__(self, checkpoint: Checkpoint, name: str) -> None:
        self._shape, self._float = checkpoint.shape(name), checkpoint.dtypes[name] in FLOATS
        self.no_float = False

    def __getitem__(self, _whole: object) -> _Placeholder:
        return self

    def to(self, device: object = None, dtype: torch.dtype | None = None) -> Tensor:
        self.no_float = dtype is not None and dtype.is_floating_point and not self._float
        return torch.empty(self._shape, dtype=dtype, device=META)
