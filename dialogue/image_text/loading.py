"""Loads a model of transformers: checks its files against its config, then reads them tensor by tensor.

An incomplete checkpoint is refused before anything is read. Each tensor goes straight to its precision and device: a
tensor kept as stored is a view of the file; a converted one is read alone and released. So loading takes the memory
of the loaded model and of one tensor.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import GenerationConfig

from dialogue.errors import BadInput
from dialogue.image_text.quantising import Packing
from dialogue.image_text.skeleton import compare, config_of, open_checkpoint, skeleton
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.decoder_tensors import listed
from dialogue.llm.precision import Precision

AGAIN = "download the complete model again"


def load_model(folder: Path, precision: Precision, device: str) -> Any:
    """The model, ready for inference on `device`.

    Raises BadInput, naming the tensors that are missing or do not fit, before any tensor is read.
    """
    config = config_of(folder)
    checkpoint = open_checkpoint(folder)
    empty = skeleton(config)
    model_class = type(empty)
    _check_complete(checkpoint, empty, str(config.model_type))
    packed = precision in ("int8", "int4")
    stored = {name: _Stored(checkpoint, name, torch.device(device), packed) for name in checkpoint.shapes}
    try:
        model = model_class.from_pretrained(
            None,
            config=config,
            state_dict=stored,
            dtype=torch.float32 if precision == "float32" else torch.bfloat16,
            generation_config=_generation(folder),
            quantization_config=Packing(precision, device) if packed else None,
        )
    except Exception as error:  # from transformers, safetensors or torch, depending on the damage
        message = " ".join(str(error).split())[:300]
        raise BadInput(f"The {config.model_type} in {folder} cannot be loaded ({message}); {AGAIN}.") from error
    return model.to(device).eval().requires_grad_(False)


def _check_complete(checkpoint: Checkpoint, empty: Any, kind: str) -> None:
    """transformers would initialise missing tensors at random, with only a line in the log."""
    found, what = compare(checkpoint, empty), f"The {kind} in {checkpoint.folder}"
    if found.missing:
        raise BadInput(f"{what} lacks {len(found.missing)} tensors: {listed(found.missing)}; {AGAIN}.")
    if found.misshapen:
        raise BadInput(f"{what} has tensors that do not fit its config: {listed(found.misshapen)}; {AGAIN}.")


def _generation(folder: Path) -> GenerationConfig | None:
    if not (folder / "generation_config.json").is_file():
        return None
    try:
        return GenerationConfig.from_pretrained(folder)
    except Exception as error:  # the library raises any type for a broken file
        raise BadInput(f"generation_config.json in {folder} cannot be read ({error}); {AGAIN}.") from error


class _Stored:
    """A tensor in a file, read when transformers requests it."""

    def __init__(self, checkpoint: Checkpoint, name: str, device: torch.device, packed: bool) -> None:
        self._checkpoint, self._name, self._device, self._packed = checkpoint, name, device, packed

    def __getitem__(self, _whole: object) -> _Stored:
        return self

    def to(self, device: object = None, dtype: torch.dtype | None = None) -> Tensor:
        """The tensor on the model's device, whatever device transformers requests."""
        view = self._checkpoint.tensor(self._name)
        if self._packed or dtype not in (None, view.dtype):
            return self._checkpoint.copied(self._name).to(self._device, dtype)
        return view.to(self._device)
