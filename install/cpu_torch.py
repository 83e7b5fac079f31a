"""Installs torch without dragging in gigabytes of CUDA on a machine that has no NVIDIA GPU.

Runs inside the new environment, before anything else that needs torch, with the standard library alone. Where
the wheels come from is the business of pip and uv and of how this machine configured them; no place is named here.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

GPU_PARTS = ("nvidia-", "cuda-", "triton")

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Install torch, the CPU build unless there is an NVIDIA GPU.")
    parser.add_argument("constraints", type=Path, help="file with a line torch==VERSION")
    options = parser.parse_args(arguments)
    try:
        install(pinned(options.constraints.read_text()), options.constraints, capture)
    except (OSError, ValueError) as error:
        print(f"omnilive: {error}", file=sys.stderr)
        return 1
    return 0


def install(version: str, constraints: Path, run: Run) -> None:
    """Leaves torch `version` installed. Raises ValueError saying what to do when neither client can."""
    if installed_version() == version:
        return
    wanted = f"torch=={version}"
    pip = [sys.executable, "-m", "pip", "install", "--constraint", str(constraints)]
    if has_nvidia_gpu(run) or not brings_gpu_parts(ask_pip(wanted, pip, run)):
        print(f"installing {wanted}", flush=True)
        result = run([*pip, wanted])
    else:
        print(f"installing the CPU build of {wanted}", flush=True)
        run([*pip, "uv"])
        uv = [sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable]
        result = run([*uv, "--constraint", str(constraints), "--torch-backend", "cpu", wanted])
    if result.returncode:
        raise ValueError(
            f"could not install {wanted}: {last_words(result)}\n"
            "Check the network and the free disk space and try again; or put a CPU wheel of that version into a "
            "folder, set PIP_FIND_LINKS to it, and try again."
        )


def pinned(constraints: str) -> str:
    """The version of torch that `constraints` names."""
    for line in constraints.splitlines():
        if line.startswith("torch=="):
            return line.removeprefix("torch==").split()[0]
    raise ValueError("the constraints file names no version of torch")


def installed_version() -> str | None:
    """Without the local part: 2.13.0+cpu is 2.13.0."""
    try:
        return metadata.version("torch").split("+")[0]
    except metadata.PackageNotFoundError:
        return None


def has_nvidia_gpu(run: Run) -> bool:
    """Whether the driver of an NVIDIA GPU answers."""
    return shutil.which("nvidia-smi") is not None and run(["nvidia-smi", "--list-gpus"]).stdout.startswith("GPU")


def ask_pip(wanted: str, pip: Sequence[str], run: Run) -> str:
    """pip's report (JSON) of what it would install for `wanted`; "" when it could not say."""
    return run([*pip, "--quiet", "--dry-run", "--ignore-installed", "--report", "-", wanted]).stdout


def brings_gpu_parts(report: str) -> bool:
    """Whether an installation report names CUDA libraries. No report counts as yes: better ask the other client."""
    try:
        names = [each["metadata"]["name"].lower() for each in json.loads(report)["install"]]
    except (ValueError, KeyError, TypeError):
        return True
    return any(name.startswith(GPU_PARTS) for name in names)


def last_words(result: subprocess.CompletedProcess[str]) -> str:
    lines = (result.stderr or result.stdout or "").strip().splitlines()
    return lines[-1] if lines else f"exit code {result.returncode}"


def capture(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
