"""Measures memory bandwidth and multiplication rate of this machine's CPU, the figures of a roofline estimate.

The measurement uses torch's matrix products and copies and takes a quarter of a second. GPUs are not measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from dialogue.minicpm.sizing.roofline import Machine

COPIED = 64 << 20  # bytes, more than a laptop's caches hold
SIDE = 768  # of the square matrices
TRIES = 5


def measure(memory: float) -> Machine:
    """This machine's CPU with `memory` bytes; blocks for about a quarter of a second."""
    source = torch.ones(COPIED // 4)
    target = torch.empty_like(source)
    square = torch.ones(SIDE, SIDE)
    copying = _shortest(lambda: target.copy_(source))
    multiplying = _shortest(lambda: square @ square)
    return Machine("this machine's processor", memory, 2 * COPIED / copying, SIDE**3 / multiplying)


def _shortest(work: Callable[[], object]) -> float:
    """The shortest of TRIES runs in seconds, to exclude other load of the machine."""
    taken = []
    for _ in range(TRIES):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)
