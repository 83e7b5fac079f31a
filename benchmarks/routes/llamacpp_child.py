"""Runs llama.cpp in a child process, since its native code may crash on some machines.

Reads one JSON command per line and writes one JSON answer per line.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import llama_cpp as native
import numpy as np
from numpy.typing import NDArray

from benchmarks.routes.route_clock import clock_of

CONTEXT = 2048


class Context:
    """One sequence of one model: `step` appends tokens at a position and returns the last token's logits."""

    def __init__(self, path: Path, threads: int, *, repack: bool) -> None:
        model_options = native.llama_model_default_params()
        model_options.use_extra_bufts = repack
        self.model = native.llama_model_load_from_file(str(path).encode(), model_options)
        options = native.llama_context_default_params()
        options.n_ctx, options.n_batch, options.n_ubatch = CONTEXT, 512, 512
        options.n_threads = options.n_threads_batch = threads
        self.context = native.llama_init_from_model(self.model, options)
        self.memory = native.llama_get_memory(self.context)
        self.batch = native.llama_batch_init(512, 0, 1)
        self.vocab_size = native.llama_vocab_n_tokens(native.llama_model_get_vocab(self.model))

    def step(self, ids: list[int], at: int) -> NDArray[np.float32]:
        native.llama_memory_seq_rm(self.memory, 0, at, -1)
        batch = self.batch
        batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0] = token, at + i, 1, 0
            batch.logits[i] = i == len(ids) - 1
        assert native.llama_decode(self.context, batch) == 0
        return np.ctypeslib.as_array(native.llama_get_logits(self.context), shape=(self.vocab_size,))

    def fill(self, ids: list[int]) -> None:
        """Prefills the context in batches of 256 tokens."""
        for at in range(0, len(ids), 256):
            self.step(ids[at : at + 256], at)


def answer(context: Context, command: dict[str, Any]) -> object:
    ids: list[int] = command["ids"]
    if command["do"] == "fill":
        context.fill(ids)
        return None
    if command["do"] == "logits":
        rows = [context.step([token], at).copy() for at, token in enumerate(ids)]
        np.save(str(command["file"]), np.stack(rows))
        return None
    at, times, clock = int(str(command["at"])), [], clock_of(int(str(command["threads"])))
    for _ in range(int(str(command["times"]))):
        began = clock()
        context.step(ids, at)
        times.append(clock() - began)
        at += len(ids) if command["do"] == "decode" else 0
    return times


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    quiet = os.open(os.devnull, os.O_WRONLY)  # the library logs to both streams
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    contexts: dict[int, Context] = {}
    for line in sys.stdin:
        command = json.loads(line)
        threads = command["threads"]
        if threads not in contexts:
            contexts[threads] = Context(Path(sys.argv[1]), threads, repack=sys.argv[2] == "all")
        print(json.dumps(answer(contexts[threads], command)), file=answers, flush=True)


if __name__ == "__main__":
    main()
