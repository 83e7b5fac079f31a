"""Chooses the device of a model, the CPU or a GPU, and its threads."""

from __future__ import annotations

import os

import torch

from dialogue.errors import BadInput


def device_for(named: str) -> str:
    """The device; "auto" is a GPU if torch finds one. Raises BadInput for a device that is not available."""
    if named == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(named)
    except RuntimeError as error:
        raise BadInput(f"There is no device {named!r}; use auto, cpu, cuda or cuda:1.") from error
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            found = f"only {count}" if count else "no"
            raise BadInput(f"torch finds {found} GPU for {named!r}; use the device {'cuda' if count else 'cpu'}.")
    elif device.type != "cpu":
        try:
            torch.zeros(1, device=device)
        except (RuntimeError, NotImplementedError, AssertionError) as error:
            raise BadInput(f"torch cannot use the device {named!r} on this machine; use the device cpu.") from error
    return named


def spare_threads() -> int:
    """The threads of a model that computes beside a call: one core is left to the call."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores - 1)
