"""Runs llama.cpp as a route of the decoder benchmark, with its fastest kernels that run on this machine.

Its repacked kernels (AMX in particular) are the fastest, but crash on some machines with more than one token.
Therefore decoding and prefill have a child process each: decoding may use kernels that crash in prefill.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

CHILD = Path(__file__).parent / "llamacpp_child.py"
SOME = list(range(100, 164))


class Child:
    """One process with one choice of kernels: "all" or "plain"."""

    def __init__(self, path: Path, kernels: str) -> None:
        self.kernels = kernels
        command = [sys.executable, str(CHILD), str(path), kernels]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, do: str, ids: list[int], threads: int = 1, **more: Any) -> Any:
        """Sends a command and returns the answer. Raises ChildProcessError if the process has crashed."""
        assert self._process.stdin and self._process.stdout
        with suppress(BrokenPipeError):
            print(json.dumps({"do": do, "ids": ids, "threads": threads, **more}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise ChildProcessError(f"llama.cpp ended with exit code {self._process.wait()}.")
        return json.loads(line)


def first_that_runs(path: Path, ids: list[int]) -> Child:
    """The child with the fastest kernels that can prefill `ids`."""
    for kernels in ("all", "plain"):
        child = Child(path, kernels)
        with suppress(ChildProcessError):
            child.ask("prefill", ids, at=0, times=1)
            return child
    raise SystemExit("llama.cpp does not run on this machine: uninstall llama-cpp-python to measure without it.")


class LlamaCpp:
    """llama.cpp as a route; times are in seconds."""

    def __init__(self, path: Path) -> None:
        self._prefilling = first_that_runs(path, SOME)
        # One process does both if the fastest kernels can prefill.
        self._decoding = self._prefilling if self._prefilling.kernels == "all" else first_that_runs(path, SOME[:1])
        print(f"llama.cpp decodes with {self._decoding.kernels} kernels, prefills with {self._prefilling.kernels}")

    def fill(self, ids: list[int], threads: int) -> None:
        self._prefilling.ask("fill", ids, threads)
        if threads == 1 and self._decoding is not self._prefilling:
            for at, token in enumerate(ids):
                self._decoding.ask("prefill", [token], at=at, times=1)

    def decode(self, token: int, at: int, times: int) -> list[float]:
        return list(self._decoding.ask("decode", [token], at=at, times=times))

    def prefill(self, ids: list[int], at: int, times: int, threads: int) -> list[float]:
        return list(self._prefilling.ask("prefill", ids, threads, at=at, times=times))

    def logits(self, ids: list[int]) -> Tensor:
        """The logits (T, V) of a text."""
        with tempfile.TemporaryDirectory() as folder:
            self._decoding.ask("logits", ids, file=f"{folder}/logits.npy")
            return torch.from_numpy(np.load(f"{folder}/logits.npy"))
