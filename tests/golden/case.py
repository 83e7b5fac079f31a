"""One golden case: its files, and a check that remembers the largest difference and every disagreement."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.vocabulary import Vocabulary
from tests.golden.expected import INFORMATIVE, Expected, read_whole, unread

USUAL_TOLERANCE = 1e-4  # of a case that names none: what its README calls comfortable
IN, OUT = "in.", "out."


class Case:
    """Inputs, and expectations that remember whether they were asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        text = (folder / "case.json").read_text(encoding="utf-8")
        self.meta: dict[str, Any] = json.loads(text, object_pairs_hook=Expected)
        if not isinstance(self.meta, dict):
            raise ValueError("case.json holds no object")
        self.inputs: dict[str, Any] = self.meta.get("inputs") or {}
        self.expected: dict[str, Any] = self.meta.get("expected") or {}
        self.tensors: dict[str, Tensor] = load_file(folder / "io.safetensors")
        self._read: set[str] = set()

    @property
    def name(self) -> str:
        return str(self.meta.get("case") or self.folder.name)

    @property
    def number(self) -> str:
        """ "05" of "05_pipeline_v26": what is computed."""
        return self.name[:2]

    @cached_property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint(self.folder, ["weights.safetensors"])

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.folder / "tokenizer.json")

    def given(self, name: str) -> Tensor:
        return self.tensors[f"{IN}{name}"]

    def gives(self, name: str) -> bool:
        return f"{IN}{name}" in self.tensors

    def array(self, name: str) -> np.ndarray[Any, Any]:
        return self.given(name).numpy()

    def wanted(self, name: str) -> Tensor:
        self._read.add(name)
        return self.tensors[f"{OUT}{name}"]

    def has(self, name: str) -> bool:
        return f"{OUT}{name}" in self.tensors

    def numbers(self, pattern: str) -> list[tuple[int, ...]]:
        """The numbers in the names of all tensors that match, in order: "in.wav_(\\d+)" -> [(0,), (1,)]."""
        found = (re.fullmatch(pattern, name) for name in self.tensors)
        return sorted(tuple(map(int, match.groups())) for match in found if match)

    def tensors_left_out(self) -> list[str]:
        """Expected tensors that nobody asked for, and that are not for information only."""
        wanted = (name.removeprefix(OUT) for name in self.tensors if name.startswith(OUT))
        return sorted(name for name in wanted if name not in self._read and not INFORMATIVE.fullmatch(name))

    def entries_left_out(self) -> list[str]:
        """The same of what case.json expects besides tensors."""
        return list(unread(self.expected))


@dataclass
class Check:
    """Compares against the case's tolerance. `worst` is the largest absolute difference of any number compared; `notes`
    are what a reader should know of a case that may have passed."""

    atol: float = 0.0
    rtol: float = 0.0
    worst: float = 0.0
    compared: int = 0
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, case: Case) -> Check:
        tolerance = case.meta.get("tolerance") or {}
        usual = 0.0 if tolerance.get("exact") else USUAL_TOLERANCE
        return cls(float(tolerance.get("atol", usual)), float(tolerance.get("rtol", 0.0)))

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
        read_whole(want)
        got, want = _plain(got), _plain(want)
        if got != want:
            self.failures.append(f"{name}: {_short(got)}, wanted {_short(want)}")

    def one_of(self, name: str, got: Iterable[Any], want: Any) -> None:
        """Exactly equal to one of what may be meant."""
        self.compared += 1
        read_whole(want)
        possible = [_plain(value) for value in got]
        if _plain(want) not in possible:
            self.failures.append(f"{name}: {_short(possible[0])}, wanted {_short(want)}")

    def finish(self, case: Case) -> None:
        """A case of which a tensor was not compared has not passed. Entries of case.json may be remarks of a kind that
        is not known here: they are named."""
        if left := case.tensors_left_out():
            self.failures.append(f"not compared, {len(left)}: {_some(left)}")
        if left := case.entries_left_out():
            self.notes.append(f"in case.json, and not compared, {len(left)}: {_some(left)}")
        if not self.compared:
            self.failures.append("nothing was compared")


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, Tensor | np.ndarray) else value


def _some(names: list[str]) -> str:
    return f"{', '.join(names[:12])}{' ...' if names[12:] else ''}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 900 else f"{text[:900]}..."
