"""LoRA adapters in PEFT's format, beside the weights of a model: W x + scale * B (A x) (Hu et al., 2021).

An adapter is a folder with `adapter_config.json` and `adapter_model.safetensors`. The weights stay as they are, so that
every session chooses an adapter or none. Its cache says which (`RollingRows.adapter`), because its rows depend on it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from torch import Tensor

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.decoder_tensors import Shapes, listed
from dialogue.llm.checkpoints.json_file import read_json

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
LANGUAGE = "llm."  # what names of a model that sees begin with
_PART = re.compile(rf"^base_model\.model\.(?:{re.escape(LANGUAGE)})?(.+)\.lora_(A|B)\.weight$")
_PRODUCT = re.compile(r"model\.layers\.\d+\..+")  # what an adapter may change
# What an adapter can have besides, and the value without it.
_UNSUPPORTED: Mapping[str, Any] = {"use_dora": False, "fan_in_fan_out": False, "bias": "none", "modules_to_save": None}


@dataclass(frozen=True, slots=True, eq=False)
class LowRank:
    """What is added to one product: `inner` (rank, inputs), and `outer` (outputs, rank) with the scale."""

    inner: Tensor
    outer: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """(..., inputs) -> (..., outputs)."""
        return F.linear(F.linear(x, self.inner), self.outer)


@dataclass(frozen=True, eq=False)
class Adapter:
    """`parts` by the names of the products in the language model: "model.layers.0.self_attn.q_proj"."""

    name: str
    folder: Path
    parts: Mapping[str, LowRank]

    @classmethod
    def read(cls, folder: Path, name: str = "") -> Self:
        """The adapter in `folder`, by default of its name. Raises BadInput for one that is damaged, of another method,
        or with more than low-rank matrices."""
        if not (folder / CONFIG).is_file():
            raise BadInput(f"{folder} has no {CONFIG}; name the folder of a LoRA adapter in PEFT's format.")
        config = read_json(folder / CONFIG)
        _check_config(config, folder)
        read = _matrices(folder)
        if (
            len(read) % 2
            or not read
            or any((module, "A") not in read or (module, "B") not in read for module, _ in read)
        ):
            raise BadInput(f"{folder / WEIGHTS} lacks one of the two matrices of a layer; download it again.")
        parts = {}
        for module in dict.fromkeys(module for module, _ in read):
            inner, outer = read[module, "A"].float(), read[module, "B"].float()
            parts[module] = LowRank(inner, outer * _scale(config, module, len(inner)))
        return cls(name or folder.resolve().name, folder, parts)

    def fitted(self, shapes: Shapes, dtype: torch.dtype, device: torch.device | str = "cpu") -> Self:
        """For a model with these tensors and activations of `dtype`. Raises BadInput where it does not fit."""
        other = [module for module in self.parts if not _PRODUCT.fullmatch(module)]
        if other:
            raise BadInput(
                f"The adapter in {self.folder} changes more than the layers of a language model: "
                f"{listed(sorted(other))}; that is not supported."
            )
        wrong = [
            module
            for module, part in self.parts.items()
            if shapes.get(f"{module}.weight") != (part.outer.shape[0], part.inner.shape[1])
        ]
        if wrong:
            raise BadInput(f"The adapter in {self.folder} is for another model: {listed(sorted(wrong))} do not fit.")
        placed = {
            module: LowRank(part.inner.to(device, dtype).contiguous(), part.outer.to(device, dtype).contiguous())
            for module, part in self.parts.items()
        }
        return type(self)(self.name, self.folder, placed)

    def nbytes(self) -> int:
        return sum(part.inner.nbytes + part.outer.nbytes for part in self.parts.values())


class AdapterChoice:
    """Which adapter one session uses, of those that its model has: at first the first one."""

    def __init__(self, adapters: Sequence[Adapter], switched: Callable[[], None]) -> None:
        """`switched` forgets what was computed with another adapter; a reply that is being written keeps its own."""
        self._adapters, self._switched = {each.name: each for each in adapters}, switched
        self.chosen = initial(adapters)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._adapters)

    @property
    def name(self) -> str:
        """The name of the one in use; "" for the weights as they are."""
        return "" if self.chosen is None else self.chosen.name

    def use(self, name: str) -> None:
        """From the next reply on; "" takes the weights as they are. Raises BadInput for an unknown name."""
        if name and name not in self._adapters:
            raise BadInput(f"There is no adapter {name!r}; there is {', '.join(self._adapters) or 'none'}.")
        if name != self.name:
            self.chosen = self._adapters[name] if name else None
            self._switched()


def initial(adapters: Sequence[Adapter]) -> Adapter | None:
    """What a new session uses."""
    return adapters[0] if adapters else None


def read_adapters(folders: Sequence[tuple[str, Path]]) -> tuple[Adapter, ...]:
    """Those in these folders, each with its name or that of its folder. Raises BadInput, for two of one name too."""
    adapters = tuple(Adapter.read(folder, name) for name, folder in folders)
    if twice := [name for name, count in Counter(each.name for each in adapters).items() if count > 1]:
        raise BadInput(f"Two adapters have the name {twice[0]!r}; name them, as in --adapter NAME=FOLDER.")
    return adapters


def _scale(config: Mapping[str, Any], module: str, rank: int) -> float:
    """alpha / rank, or alpha / sqrt(rank) for rank-stabilised adapters (Kalajdzievski, 2023)."""
    patterns = config.get("alpha_pattern") or {}
    own = [alpha for pattern, alpha in patterns.items() if re.match(rf"(?:.*\.)?{pattern}$", module)]
    alpha = float(own[0] if own else config["lora_alpha"])
    return alpha / (rank**0.5 if config.get("use_rslora") else rank)


def _check_config(config: Mapping[str, Any], folder: Path) -> None:
    if config.get("peft_type") != "LORA":
        raise BadInput(f"The adapter in {folder} is {config.get('peft_type')}, not LORA.")
    said = {name: config.get(name, without) for name, without in _UNSUPPORTED.items()}
    if more := [name for name, value in said.items() if value not in (_UNSUPPORTED[name], [])]:
        raise BadInput(f"The adapter in {folder} has {' and '.join(more)}, which is not supported.")
    alpha = config.get("lora_alpha")
    if not isinstance(alpha, int | float) or isinstance(alpha, bool):
        raise BadInput(f"{folder / CONFIG} has no lora_alpha; download the adapter again.")


def _matrices(folder: Path) -> dict[tuple[str, str], Tensor]:
    """By the name of the product, and "A" or "B"."""
    path = folder / WEIGHTS
    try:
        with safe_open(path, framework="pt") as file:
            names = {name: _PART.match(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
            if other := [name for name, found in names.items() if found is None]:
                raise BadInput(f"{path} has more than low-rank matrices: {listed(sorted(other))}.")
            parts = {name: (found[1], found[2]) for name, found in names.items() if found}
            read = {part: file.get_tensor(name) for name, part in parts.items()}
    except FileNotFoundError as odd:
        raise BadInput(f"{WEIGHTS} is missing in {folder}; download the adapter again.") from odd
    except (SafetensorError, OSError) as odd:
        raise BadInput(f"{path} is damaged or cut off ({odd}); download it again.") from odd
    if odd_ones := [name for (name, _), part in read.items() if part.ndim != 2 or not torch.isfinite(part).all()]:
        raise BadInput(f"{path} has parts that are no matrices of numbers: {listed(sorted(odd_ones))}.")
    return read
