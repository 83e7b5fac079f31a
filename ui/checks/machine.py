"""The machine itself: Python, processor, memory, disk, and whether the compiled libraries load."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from dialogue.llm.native.loader import INSTRUCTION_SETS, NativeMissing, load_library
from ui.checks.finding import Finding

MEMORY_GB = 4.0  # the embedded assistant with one call takes about 2
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
        return Finding("processor", "warning", "1 core", "answers will be slow: give the machine 2 or more", figures)
    return Finding("processor", "ok", f"{cores} cores", figures=figures)


def _memory() -> Finding:
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    except (ValueError, OSError):
        return Finding("memory", "warning", "this system does not say how much memory it has")
    figures = {"memory_gb": round(whole, 1), "memory_free_gb": round(free, 1)}
    if whole < MEMORY_GB:
        return Finding("memory", "warning", f"{whole:.1f} GB", f"{MEMORY_GB:.0f} GB are comfortable", figures)
    return Finding("memory", "ok", f"{whole:.1f} GB", figures=figures)


def _disk(home: Path) -> Finding:
    """Free space where the weights go, which may not exist yet."""
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free / 1e9
    figures = {"disk_free_gb": round(free, 1)}
    if not os.access(place, os.W_OK):
        return Finding("disk", "problem", f"{place} is not writable", "set OMNILIVE_HOME to a folder that is", figures)
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
        yield Finding("libraries", "ok", f"all {len(COMPILED)} compiled ones load; torch {torch.__version__}, {gpu}")


def _compiled_step() -> Finding:
    """The language model's own machine code, which an install without a compiler goes without."""
    try:
        instructions = INSTRUCTION_SETS[load_library().instructions]
    except NativeMissing as error:
        advice = "the language model runs in torch, and slower; run `sudo apt-get install g++`, then `make install`"
        return Finding("decode step", "warning", f"not compiled: {error}", advice)
    return Finding("decode step", "ok", f"compiled, with {instructions}")
