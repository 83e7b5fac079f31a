"""How many sessions fit into memory, from the free memory of a device."""

from __future__ import annotations

import math

import torch

from dialogue.sizing.free_memory import free_memory

SPARE = 0.1  # share of the free memory that stays free


def sessions_in_memory(bytes_each: int, device: torch.device, most: int) -> int:
    """How many sessions of that size fit, at least 1 and at most `most`."""
    free = free_device_memory(device)
    return most if math.isinf(free) else max(min(most, int(free * (1 - SPARE) / bytes_each)), 1)


def free_device_memory(device: torch.device | str) -> float:
    """Bytes; infinity where the system reports nothing."""
    return float(torch.cuda.mem_get_info(device)[0]) if torch.device(device).type == "cuda" else free_memory()
