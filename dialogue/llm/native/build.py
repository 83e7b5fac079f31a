"""Builds the compiled decode step with the system's C++ compiler: `python -m dialogue.llm.native.build`.

Nothing is tuned to the machine it is built on: the instruction set is chosen when the program runs.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent
SOURCE = FOLDER / "decode_step.cpp"
# The headers of some compilers warn about their own intrinsics.
FLAGS = ("-std=c++20", "-O3", "-fPIC", "-pthread", "-fvisibility=hidden", "-Wall", "-Wno-uninitialized", "-Wno-psabi")


def build(output: Path = FOLDER / "decode_step.so", compiler: str = "g++") -> Path:
    """Compile and link the step into `output`. Raises OSError or CalledProcessError where that is not possible."""
    command = [compiler, *FLAGS, "-Wno-maybe-uninitialized", "-shared", str(SOURCE), "-o", str(output)]
    subprocess.run(command, check=True)
    return output


if __name__ == "__main__":
    print(f"built {build()}")
