"""Runs llama.cpp as a route of the decoder benchmark, in a process of its own, with its kernels for this processor.

Its libraries are those of the package llama-cpp-python, or stand in the folder that LLAMACPP names, such as that of the
package @node-llama-cpp/linux-x64, which is built for every kind of processor.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

CHILD = Path(__file__).parent / "llamacpp_child.py"


def llamacpp_folder() -> Path | None:
    """The folder of llama.cpp's libraries; None where there are none."""
    if named := os.environ.get("LLAMACPP"):
        return Path(named)
    package = importlib.util.find_spec("llama_cpp")
    return Path(package.origin).parent / "lib" if package is not None and package.origin else None


class LlamaCpp:
    """llama.cpp as a route; times are in seconds."""

    def __init__(self, folder: Path, path: Path) -> None:
        command = [sys.executable, str(CHILD), str(folder), str(path)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        print(f"llama.cpp: {self._answer()}")

    def _ask(self, do: str, ids: list[int], threads: int = 1, **more: Any) -> Any:
        """Sends a command and returns the answer. Raises ChildProcessError if the process has crashed."""
        assert self._process.stdin is not None
        print(json.dumps({"do": do, "ids": ids, "threads": threads, **more}), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        if not (line := self._process.stdout.readline()):
            raise ChildProcessError(f"llama.cpp ended with exit code {self._process.wait()}.")
        return json.loads(line)

    def fill(self, ids: list[int], threads: int) -> None:
        self._ask("fill", ids, threads)

    def decode(self, token: int, at: int, times: int) -> list[float]:
        return list(self._ask("decode", [token], at=at, times=times))

    def prefill(self, ids: list[int], at: int, times: int, threads: int) -> list[float]:
        return list(self._ask("prefill", ids, threads, at=at, times=times))

    def logits(self, ids: list[int]) -> Tensor:
        """The logits (T, V) of a text."""
        with tempfile.TemporaryDirectory() as folder:
            self._ask("logits", ids, file=f"{folder}/logits.npy")
            return torch.from_numpy(np.load(f"{folder}/logits.npy"))
