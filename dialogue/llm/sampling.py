"""Sampling: chooses a token from logits.

The usual order: penalty, temperature, top-k, top-p, draw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    """`temperature` 0 is greedy; `top_k` 0 and `top_p` 1 mean no limit; `penalty` 1 means none."""

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    penalty: float = 1.0


GREEDY = SamplingConfig()
Mask = Callable[[Tensor], Tensor]  # logits (V,) -> those of the tokens that are allowed; -inf for others


def choose(
    logits: Tensor,
    sampling: SamplingConfig = GREEDY,
    recent: Sequence[int] = (),
    generator: torch.Generator | None = None,
) -> int:
    """The next token for logits (V,). The repetition penalty applies to the tokens `recent`."""
    if sampling.penalty != 1.0 and recent:
        logits = penalise(logits, recent, sampling.penalty)
    if sampling.temperature <= 0.0:
        return int(logits.argmax())
    return draw(logits / sampling.temperature, sampling.top_k, sampling.top_p, generator)


def penalise(logits: Tensor, recent: Sequence[int], penalty: float) -> Tensor:
    """Makes recent tokens less likely (CTRL, arXiv 1909.05858): divides scores above zero, multiplies those below."""
    used = torch.tensor(sorted(set(recent)), device=logits.device)
    scores = logits[used]
    lowered = torch.where(scores > 0, scores / penalty, scores * penalty)
    return logits.index_copy(0, used, lowered)


def draw(logits: Tensor, top_k: int = 0, top_p: float = 1.0, generator: torch.Generator | None = None) -> int:
    """Samples from softmax(logits), among the `top_k` best and the smallest set whose probability reaches `top_p`."""
    count = min(top_k or len(logits), len(logits))
    if count == len(logits) and top_p >= 1.0:
        return int(torch.multinomial(logits.float().softmax(0), 1, generator=generator))
    best, tokens = logits.float().topk(count)
    probabilities = best.softmax(0)
    # A token is kept if the better ones have not reached top_p yet, so the best one is always kept.
    before = probabilities.cumsum(0) - probabilities
    probabilities = probabilities.masked_fill(before >= top_p, 0.0)
    return int(tokens[torch.multinomial(probabilities, 1, generator=generator)])
