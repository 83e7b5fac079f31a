"""The worst that a session can be given, for measuring: a full context, a loud second, a picture full of detail; and
how many such sessions memory holds.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from dialogue.decoder import Decoder
from dialogue.kv_cache import KVCache
from dialogue.minicpm.mel import RATE, Samples
from dialogue.minicpm.model import MiniCPM
from dialogue.minicpm.request import Picture

SPARE_TOKENS = 2000  # in a measured session's cache, for what is measured
SPARE_MEMORY = 0.1  # of what is free stays free


def fill(cache: KVCache, length: int) -> None:
    """As if so many tokens were in it. Memory that was never written to would be read too fast."""
    cache.storage.normal_()
    cache.advance(length - cache.length)


def noise() -> Samples:
    """A second."""
    return (0.1 * np.random.default_rng(1).standard_normal(RATE)).astype(np.float32)


def picture() -> Picture:
    """Of one slice, as in every unit."""
    return Picture(np.random.default_rng(0).integers(0, 256, (448, 448, 3), dtype=np.uint8), max_slices=1)


def rows_bytes(decoder: Decoder, rows: int) -> int:
    """Of so many tokens in a cache."""
    return decoder.new_cache(16).storage.nbytes // 16 * rows


def session_bytes(model: MiniCPM, context: int) -> int:
    """What one session keeps: a context of so many tokens, and what its ear has heard."""
    ear = model.hearing.encoder.cache().nbytes if model.hearing is not None else 0
    return rows_bytes(model.decoder, context + SPARE_TOKENS) + ear


def sessions_in_memory(bytes_each: int, device: torch.device, most: int) -> int:
    """How many of that size could be had, at least 1 and at most `most`."""
    free = free_memory(device)
    return most if free is None else max(min(most, int(free * (1 - SPARE_MEMORY) / bytes_each)), 1)


def free_memory(device: torch.device) -> int | None:
    """Bytes that could be had there; None where the system does not tell."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)
