"""A real OpenAI-compatible server of others: llama.cpp's, from the package xllamacpp, in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

READY_WITHIN_S = 120.0

_PROGRAM = """
import json, sys
import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path, key = sys.argv[1:3]
parameters.model_alias = ["small"]
parameters.hostnames, parameters.port = ["127.0.0.1"], 0
parameters.n_ctx, parameters.n_parallel, parameters.cpuparams.n_threads = 2048, 1, 1
parameters.api_keys = [key] if key else []
server = xllamacpp.Server(parameters)
print(json.dumps(server.listening_address), flush=True)
sys.stdin.read()
"""


@contextmanager
def llama_server(model: Path, key: str = "") -> Iterator[str]:
    """Serves a GGUF file while the block lasts; yields the base URL (".../v1")."""
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("xllamacpp, which holds llama.cpp's server, is not installed")
    command = [sys.executable, "-c", _PROGRAM, str(model), key]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    late = threading.Timer(READY_WITHIN_S, process.kill)
    late.start()
    try:
        assert process.stdout is not None
        line = next((line for line in process.stdout if line.startswith('"http')), "")
        late.cancel()
        if not line:
            pytest.fail(f"llama.cpp's server did not start within {READY_WITHIN_S:.0f} s")
        yield f"{json.loads(line)}/v1"
    finally:
        late.cancel()
        process.kill()
        process.wait(10)
