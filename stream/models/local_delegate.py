"""Runs a larger model of this machine in a process of its own: llama.cpp's server, from the package xllamacpp.

It listens on loopback with a key that nobody else knows, and has a low priority, so that calls go first. It ends with
this process.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import select
import subprocess
import sys
from pathlib import Path

from dialogue.errors import BadInput
from dialogue.remote.delegate import Delegate
from stream.models.setup import DelegateSettings

READY_WITHIN_S = 180.0  # a large file is read from a slow disk
NICENESS = 10
CONTEXT_TOKENS = 8192

# Prints the address once it serves, and ends when its input does.
_PROGRAM = """
import sys
import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path, parameters.n_ctx = sys.argv[1], int(sys.argv[2])
parameters.hostnames, parameters.port, parameters.n_parallel = ["127.0.0.1"], 0, 2
parameters.cpuparams.n_threads = int(sys.argv[3])
parameters.api_keys = [sys.stdin.readline().strip()]
server = xllamacpp.Server(parameters)
print("serves", server.listening_address, flush=True)
sys.stdin.read()
"""


class LocalDelegate:
    """The process for one .gguf file. Blocking to open. Raises BadInput where the file cannot be served."""

    def __init__(self, model: Path, ready_within_s: float = READY_WITHIN_S) -> None:
        if importlib.util.find_spec("xllamacpp") is None:
            raise BadInput("A model file as --delegate needs the package xllamacpp; install it, or name a server.")
        if model.suffix != ".gguf" or not model.is_file():
            raise BadInput(f"{model} is no .gguf file; name one, or the address of a server.")
        self.key = secrets.token_urlsafe(24)
        threads = max(1, (os.cpu_count() or 2) - 1)
        command = [sys.executable, "-P", "-c", _PROGRAM, str(model), str(CONTEXT_TOKENS), str(threads)]
        self._process = subprocess.Popen(
            ["nice", "-n", str(NICENESS), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for this process, which ends that one
        )
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{self.key}\n".encode())
            self._process.stdin.flush()
            self.url = f"{self._address(ready_within_s)}/v1"
        except (OSError, BadInput) as error:
            self.close()
            raise BadInput(
                f"{model} cannot be served: {error}. Take a smaller model, fetch the file again, or name a server."
            ) from error

    def close(self) -> None:
        """Ends the process. May be called twice."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _address(self, within_s: float) -> str:
        out = self._process.stdout
        assert out is not None
        while select.select([out], [], [], within_s)[0]:
            line = out.readline()
            if line.startswith(b"serves "):
                return line.split()[1].decode()
            if not line:
                raise BadInput("its process ended early")
        raise BadInput(f"it was not ready within {within_s:.0f} s")


def open_delegate(settings: DelegateSettings | None) -> tuple[Delegate | None, LocalDelegate | None]:
    """The larger model of the settings, and its process where it runs here. Blocking. Raises BadInput."""
    if settings is None:
        return None, None
    if settings.model_path is None:
        return Delegate(settings.url, settings.model, settings.api_key, settings.sees), None
    local = LocalDelegate(settings.model_path)
    return Delegate(local.url, None, local.key), local
