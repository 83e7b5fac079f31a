"""The decoding loop: rows in, one token after the other out. No model of its own, no text, no session rules."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from dialogue.llm.decoder import Decoder
from dialogue.llm.kv_cache import KVCache
from dialogue.llm.sampling import GREEDY, SamplingConfig, choose


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A chosen token, the raw logits (V,) it was chosen from and the hidden state (hidden,) they came from."""

    token: int
    logits: Tensor
    hidden: Tensor


def generate(
    decoder: Decoder,
    cache: KVCache,
    prompt: Tensor,
    limit: int,
    stop: Collection[int] = (),
    sampling: SamplingConfig = GREEDY,
    generator: torch.Generator | None = None,
) -> Iterator[Step]:
    """Append `prompt`, ids (T,) or rows (T, hidden), and up to `limit` tokens; a token of `stop` is the last one.

    The last token given is not in the cache: the caller knows whether it belongs there. The repetition penalty
    covers what was generated, not the prompt, which is rows and not tokens.
    """
    hidden = decoder.forward(cache, prompt)[-1]
    said: list[int] = []
    while len(said) < limit:
        if said:
            hidden = decoder.forward(cache, torch.tensor(said[-1:]))[-1]
        logits = decoder.logits(hidden)
        said.append(choose(logits, sampling, said, generator))
        yield Step(said[-1], logits, hidden)
        if said[-1] in stop:
            return
