"""Runs llama.cpp in a child process, since its native code may crash on some machines.

Called with a folder that holds llama.cpp's libraries and a model. Reads one JSON command per line and writes one JSON
answer per line.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from ctypes import POINTER, c_char_p, c_float, c_int8, c_int32, c_uint32, c_void_p
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.routes.route_clock import clock_of

CONTEXT = 2048
# Structures that llama.cpp passes by value grow with its versions. On this architecture a larger one serves as well.
_ROOM = 1024


class _ModelOptions(ctypes.Structure):
    _fields_: ClassVar = [("rest", c_int8 * _ROOM)]


class _ContextOptions(ctypes.Structure):
    """`llama_context_params`, of which these fields come first."""

    _fields_: ClassVar = [("n_ctx", c_uint32), ("n_batch", c_uint32), ("n_ubatch", c_uint32), ("rest", c_int8 * _ROOM)]


class _Batch(ctypes.Structure):
    """`llama_batch`."""

    _fields_: ClassVar = [
        ("n_tokens", c_int32),
        ("token", POINTER(c_int32)),
        ("embd", POINTER(c_float)),
        ("pos", POINTER(c_int32)),
        ("n_seq_id", POINTER(c_int32)),
        ("seq_id", POINTER(POINTER(c_int32))),
        ("logits", POINTER(c_int8)),
    ]


# Function: (result, arguments).
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "llama_backend_init": (None, []),
    "llama_print_system_info": (c_char_p, []),
    "llama_model_default_params": (_ModelOptions, []),
    "llama_context_default_params": (_ContextOptions, []),
    "llama_model_load_from_file": (c_void_p, [c_char_p, _ModelOptions]),
    "llama_init_from_model": (c_void_p, [c_void_p, _ContextOptions]),
    "llama_set_n_threads": (None, [c_void_p, c_int32, c_int32]),
    "llama_get_memory": (c_void_p, [c_void_p]),
    "llama_memory_seq_rm": (ctypes.c_bool, [c_void_p, c_int32, c_int32, c_int32]),
    "llama_batch_init": (_Batch, [c_int32, c_int32, c_int32]),
    "llama_model_get_vocab": (c_void_p, [c_void_p]),
    "llama_vocab_n_tokens": (c_int32, [c_void_p]),
    "llama_decode": (c_int32, [c_void_p, _Batch]),
    "llama_get_logits": (POINTER(c_float), [c_void_p]),
}


def opened(folder: Path) -> ctypes.CDLL:
    """llama.cpp's library, with the kernels for this processor."""
    for base in sorted(folder.glob("libggml.*so*")):  # picks one of several sets of kernels, where they are libraries
        ggml = ctypes.CDLL(str(base))
        if hasattr(ggml, "ggml_backend_load_all_from_path"):
            ggml.ggml_backend_load_all_from_path(str(folder).encode())
    library = ctypes.CDLL(str(min(folder.glob("libllama.*so*"))))
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    library.llama_backend_init()
    return library


class Context:
    """One sequence of one model: `step` appends tokens at a position and returns the last token's logits."""

    def __init__(self, library: ctypes.CDLL, path: Path, threads: int) -> None:
        self._library = library
        model = library.llama_model_load_from_file(str(path).encode(), library.llama_model_default_params())
        options = library.llama_context_default_params()
        options.n_ctx, options.n_batch, options.n_ubatch = CONTEXT, 512, 512
        self._context = library.llama_init_from_model(model, options)
        library.llama_set_n_threads(self._context, threads, threads)
        self._memory = library.llama_get_memory(self._context)
        self._batch = library.llama_batch_init(512, 0, 1)
        self._vocab_size = library.llama_vocab_n_tokens(library.llama_model_get_vocab(model))

    def step(self, ids: list[int], at: int) -> NDArray[np.float32]:
        self._library.llama_memory_seq_rm(self._memory, 0, at, -1)
        batch = self._batch
        batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0] = token, at + i, 1, 0
            batch.logits[i] = i == len(ids) - 1
        assert self._library.llama_decode(self._context, batch) == 0
        return np.ctypeslib.as_array(self._library.llama_get_logits(self._context), shape=(self._vocab_size,))

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
    library, path, contexts = opened(Path(sys.argv[1])), Path(sys.argv[2]), dict[int, Context]()
    print(json.dumps(library.llama_print_system_info().decode()), file=answers, flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        threads = command["threads"]
        if threads not in contexts:
            contexts[threads] = Context(library, path, threads)
        print(json.dumps(answer(contexts[threads], command)), file=answers, flush=True)


if __name__ == "__main__":
    main()
