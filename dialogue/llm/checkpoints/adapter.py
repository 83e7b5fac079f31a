"""Adds a LoRA adapter in PEFT's format to the weights of a model as they are read: W + scale * B A (Hu et al., 2021).

An adapter is a folder with `adapter_config.json` and `adapter_model.safetensors`. The sum is computed in float32,
before a matrix is quantised or packed, so an adapter costs neither time nor memory afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.decoder_tensors import Shapes, listed
from dialogue.llm.checkpoints.json_file import read_json

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
LANGUAGE = "llm."  # what names of a model that sees begin with, where an adapter was made for its language model alone
_PART = re.compile(r"^base_model\.model\.(.+)\.lora_(A|B)\.weight$")
# What an adapter can have besides, and the value without it.
_UNSUPPORTED: Mapping[str, Any] = {"use_dora": False, "fan_in_fan_out": False, "bias": "none", "modules_to_save": None}


class Adapter:
    """The matrices of an adapter by the names of the model's tensors. Raises BadInput for an adapter that is damaged,
    of another method, or with more than low-rank matrices."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / CONFIG).is_file():
            raise BadInput(f"{folder} has no {CONFIG}; name the folder of a LoRA adapter in PEFT's format.")
        self._config = read_json(folder / CONFIG)
        self._check_config()
        parts = self._read()
        self._pairs = {name: (parts[name, "A"], parts[name, "B"]) for name, kind in parts if kind == "A"}
        if len(parts) != 2 * len(self._pairs) or not parts:
            raise BadInput(f"{folder / WEIGHTS} lacks one of the two matrices of a layer; download it again.")

    def fitted(self, shapes: Shapes) -> Adapter:
        """The same adapter under the names of a model with these tensors. Raises BadInput where they do not fit."""
        if not any(name in shapes for name in self._pairs):
            self._pairs = {f"{LANGUAGE}{name}": pair for name, pair in self._pairs.items()}
        wrong = [name for name, (a, b) in self._pairs.items() if shapes.get(name) != (b.shape[0], a.shape[1])]
        if wrong:
            raise BadInput(f"The adapter in {self.folder} is for another model: {listed(sorted(wrong))} do not fit.")
        return self

    def __contains__(self, name: object) -> bool:
        return name in self._pairs

    def __iter__(self) -> Iterator[str]:
        return iter(self._pairs)

    def added_to(self, name: str, weight: Tensor) -> Tensor:
        """The weight with the adapter, float32 (outputs, inputs); unchanged where the adapter has no such layer."""
        if name not in self._pairs:
            return weight
        a, b = self._pairs[name]
        return weight.float() + self._scale(name, len(a)) * (b.float() @ a.float())

    def _scale(self, name: str, rank: int) -> float:
        """alpha / rank, or alpha / sqrt(rank) for rank-stabilised adapters (Kalajdzievski, 2023)."""
        module = name.removesuffix(".weight")
        patterns = self._config.get("alpha_pattern") or {}
        own = [alpha for pattern, alpha in patterns.items() if re.match(rf"(?:.*\.)?{pattern}$", module)]
        alpha = float(own[0] if own else self._config["lora_alpha"])
        return alpha / (rank**0.5 if self._config.get("use_rslora") else rank)

    def _check_config(self) -> None:
        if self._config.get("peft_type") != "LORA":
            raise BadInput(f"The adapter in {self.folder} is {self._config.get('peft_type')}, not LORA.")
        said = {name: self._config.get(name, without) for name, without in _UNSUPPORTED.items()}
        if more := [name for name, value in said.items() if value not in (_UNSUPPORTED[name], [])]:
            raise BadInput(f"The adapter in {self.folder} has {' and '.join(more)}, which is not supported.")
        alpha = self._config.get("lora_alpha")
        if not isinstance(alpha, int | float) or isinstance(alpha, bool):
            raise BadInput(f"{self.folder / CONFIG} has no lora_alpha; download the adapter again.")

    def _read(self) -> dict[tuple[str, str], Tensor]:
        path = self.folder / WEIGHTS
        try:
            with safe_open(path, framework="pt") as file:
                names = {name: _PART.match(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
                if other := [name for name, found in names.items() if found is None]:
                    raise BadInput(f"{path} has more than low-rank matrices: {listed(sorted(other))}.")
                parts = {name: (f"{found[1]}.weight", found[2]) for name, found in names.items() if found}
                read = {part: file.get_tensor(name) for name, part in parts.items()}
        except FileNotFoundError as odd:
            raise BadInput(f"{WEIGHTS} is missing in {self.folder}; download the adapter again.") from odd
        except (SafetensorError, OSError) as odd:
            raise BadInput(f"{path} is damaged or cut off ({odd}); download it again.") from odd
        if odd_ones := [name for (name, _), part in read.items() if part.ndim != 2 or not torch.isfinite(part).all()]:
            raise BadInput(f"{path} has parts that are no matrices of numbers: {listed(sorted(odd_ones))}.")
        return read
