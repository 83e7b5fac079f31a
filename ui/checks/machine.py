"""Checks the machine: Python, processor, memory, disk, and whether the compiled libraries load."""

from __future__ import annotations

import importlib
import math
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from dialogue.llm.native.loader import INSTRUCTION_SETS, NativeMissing, load_library
from dialogue.sizing.free_memory import free_memory, whole_memory
from ui.checks.finding import Finding

MEMORY_GB = 4.0  # the embedded assistant with one call uses about 2
DISK_GB = 1.0
COMPILED = ("numpy", "torch", "onnxruntime", "ctranslate2", "av", "webrtcvad", "cv2", "aiortc", "hibari")
CURES = {"cv2": "run `pip install --force-reinstall --no-deps opencv-python-headless`"}


def check_machine(home: Path) -> Iterator[Finding]:
    yield Finding("python", "ok", f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    yield _processor()
    yield _memory()
    yield _disk(home)
    yield from _libraries()
    yield _compiled_step()


def _processor() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    figures = {"cores": float(cores)}
    if cores < 2:
        return Finding(
            "processor", "warning", "1 core", "answers will be slow; use a machine with 2 cores or more", figures
        )
    return Finding("processor", "ok", f"{cores} cores", figures=figures)


def _memory() -> Finding:
    free, whole = free_memory() / 1e9, whole_memory() / 1e9
    if not math.isfinite(whole):
        return Finding("memory", "warning", "this system does not report its memory")
    figures = {"memory_gb": round(whole, 1), "memory_free_gb": round(free, 1)}
    if whole < MEMORY_GB:
        return Finding("memory", "warning", f"{whole:.1f} GB", f"{MEMORY_GB:.0f} GB or more are recommended", figures)
    return Finding("memory", "ok", f"{whole:.1f} GB", figures=figures)


def _disk(home: Path) -> Finding:
    """The free space for the weights, in a folder that may not exist yet."""
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(existing).free / 1e9
    figures = {"disk_free_gb": round(free, 1)}
    if not os.access(existing, os.W_OK):
        return Finding(
            "disk", "problem", f"{existing} is not writable", "set OMNILIVE_HOME to a writable folder", figures
        )
    if free < DISK_GB:
        advice = "free some space, or set OMNILIVE_HOME to a folder on another disk"
        return Finding("disk", "warning", f"{free:.1f} GB free at {home}", advice, figures)
    return Finding("disk", "ok", f"{free:.0f} GB free at {home}", figures=figures)


def _libraries() -> Iterator[Finding]:
    broken = False
    for name in COMPILED:
        try:
            importlib.import_module(name)
        except (ImportError, OSError) as error:
            broken = True
            yield Finding(name, "problem", f"does not load: {error}", CURES.get(name, "run `make install` again"))
    if not broken:
        torch = sys.modules["torch"]
        gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "CPU only"
        yield Finding(
            "libraries", "ok", f"all {len(COMPILED)} compiled libraries load; torch {torch.__version__}, {gpu}"
        )


def _compiled_step() -> Finding:
    """The compiled decode step of the language model, which needs a C++ compiler at installation."""
    try:
        instructions = INSTRUCTION_SETS[load_library().instructions]
    except NativeMissing as error:
        advice = (
            "the language model runs in torch, which is slower; run `sudo apt-get install g++`, then `make install`"
        )
        return Finding("decode step", "warning", f"not compiled: {error}", advice)
    return Finding("decode step", "ok", f"compiled, with {instructions}")
