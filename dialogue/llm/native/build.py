"""Builds the compiled decode step with the system's C++ compiler: `python -m dialogue.llm.native.build`.

The build does not depend on the processor of the machine: the instruction set is selected at run time.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent
SOURCE = FOLDER / "decode_step.cpp"
# The headers of some compilers warn about their own intrinsics.
FLAGS = ("-std=c++20", "-O3", "-fPIC", "-pthread", "-fvisibility=hidden", "-Wall", "-Wno-uninitialized", "-Wno-psabi")

# For the fuzzer: every read and write is checked, and the first fault ends the program. The Python that loads the
# result needs the library of the sanitizer preloaded (`sanitizer_environment`).
SANITIZE = ("-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def build(output: Path = FOLDER / "decode_step.so", compiler: str = "g++", sanitize: bool = False) -> Path:
    """Compiles and links the step into `output`. Raises OSError or CalledProcessError if that fails."""
    flags = (*FLAGS, *(SANITIZE if sanitize else ()), "-Wno-maybe-uninitialized", "-shared")
    command = [compiler, *flags, str(SOURCE), "-o", str(output)]
    subprocess.run(command, check=True)
    return output


def sanitizer_environment(compiler: str = "g++") -> dict[str, str]:
    """Environment variables of a Python that loads a step which was built with `sanitize`."""

    def library(name: str) -> str:
        command = [compiler, f"-print-file-name={name}"]
        return str(Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()).resolve())

    return {
        # The C++ library is preloaded too: without it the sanitizer does not find the functions that throw exceptions.
        "LD_PRELOAD": f"{library('libasan.so')} {library('libstdc++.so')}",
        # Leaks are ignored: Python keeps memory until it exits. A failed allocation is a MemoryError, which the fuzzer
        # counts.
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=1024:hard_rss_limit_mb=6000",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Build the compiled decode step.")
    parser.add_argument("--sanitize", action="store_true", help="with AddressSanitizer and UBSan, for the fuzzer")
    parser.add_argument("-o", "--output", type=Path, default=FOLDER / "decode_step.so")
    options = parser.parse_args()
    print(f"built {build(options.output, sanitize=options.sanitize)}")
