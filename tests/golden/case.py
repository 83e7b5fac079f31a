"""One golden case: its files, and a check that remembers the largest difference and every disagreement."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from dialogue.minicpm.checkpoint import Checkpoint
from dialogue.minicpm.vocabulary import Vocabulary


class Case:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.meta: dict[str, Any] = json.loads((folder / "case.json").read_text(encoding="utf-8"))
        self.inputs: dict[str, Any] = self.meta.get("inputs", {})
        self.expected: dict[str, Any] = self.meta.get("expected", {})
        self.tensors: dict[str, Tensor] = load_file(folder / "io.safetensors")

    @property
    def number(self) -> str:
        """ "05" of "05_pipeline_v26": what is computed."""
        return str(self.meta["case"])[:2]

    @cached_property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint(self.folder, ["weights.safetensors"])

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.folder / "tokenizer.json")

    def given(self, name: str) -> Tensor:
        return self.tensors[f"in.{name}"]

    def array(self, name: str) -> np.ndarray[Any, Any]:
        return self.given(name).numpy()

    def wanted(self, name: str) -> Tensor:
        return self.tensors[f"out.{name}"]

    def has(self, name: str) -> bool:
        return f"out.{name}" in self.tensors


@dataclass
class Check:
    """Compares against the case's tolerance. `worst` is the largest absolute difference of any number compared."""

    atol: float = 0.0
    rtol: float = 0.0
    worst: float = 0.0
    compared: int = 0
    failures: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, case: Case) -> Check:
        tolerance = case.meta.get("tolerance", {})
        return cls(float(tolerance.get("atol", 0.0)), float(tolerance.get("rtol", 0.0)))

    def close(self, name: str, got: Tensor, want: Tensor) -> None:
        """Numbers within the tolerance; -inf only where it is wanted."""
        self.compared += 1
        if tuple(got.shape) != tuple(want.shape):
            self.failures.append(f"{name}: shape {tuple(got.shape)}, wanted {tuple(want.shape)}")
            return
        got, want = got.double(), want.double()
        same = got == want  # infinities have no difference
        difference = torch.where(same, 0.0, (got - want).abs()).nan_to_num(torch.inf)
        worst = float(difference.max()) if difference.numel() else 0.0
        self.worst = max(self.worst, worst)
        if bool((difference > self.atol + self.rtol * want.abs().nan_to_num(posinf=0.0, neginf=0.0)).any()):
            self.failures.append(f"{name}: differs by {worst:.3g}")

    def same(self, name: str, got: Any, want: Any) -> None:
        """Exactly equal."""
        self.compared += 1
        got = got.tolist() if isinstance(got, Tensor | np.ndarray) else got
        want = want.tolist() if isinstance(want, Tensor | np.ndarray) else want
        if got != want:
            self.failures.append(f"{name}: {_short(got)}, wanted {_short(want)}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 900 else f"{text[:900]}..."
