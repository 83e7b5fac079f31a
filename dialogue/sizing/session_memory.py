"""How many sessions memory holds: what is free, and how much of it is given away. Knows no model."""

from __future__ import annotations

from pathlib import Path

import torch

SPARE = 0.1  # of what is free stays free


def sessions_in_memory(bytes_each: int, device: torch.device, most: int) -> int:
    """How many of that size could be had, at least 1 and at most `most`."""
    free = free_memory(device)
    return most if free is None else max(min(most, int(free * (1 - SPARE) / bytes_each)), 1)


def free_memory(device: torch.device) -> int | None:
    """Bytes that could be had there; None where the system does not tell."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)
