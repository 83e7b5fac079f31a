"""What the processor at hand can do, measured in a quarter of a second: the figures a roofline is drawn from.

Torch's own products and copies stand for what a model would use. Graphics cards are not measured here.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from dialogue.minicpm.sizing.roofline import Machine

COPIED = 64 << 20  # bytes: more than any cache of a laptop holds
SIDE = 768  # of the square matrices multiplied
TRIES = 5


def measure(memory: float) -> Machine:
    """This machine's processor with `memory` bytes; blocks for about a quarter of a second."""
    source = torch.ones(COPIED // 4)
    target = torch.empty_like(source)
    square = torch.ones(SIDE, SIDE)
    copying = _shortest(lambda: target.copy_(source))
    multiplying = _shortest(lambda: square @ square)
    return Machine("this machine's processor", memory, 2 * COPIED / copying, SIDE**3 / multiplying)


def _shortest(work: Callable[[], object]) -> float:
    """Seconds, without what else the machine was doing."""
    taken = []
    for _ in range(TRIES):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)
