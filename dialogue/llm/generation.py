"""The decoding loop: a prompt in, one token after the other out."""

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
    """Appends `prompt`, ids (T,) or rows (T, hidden), and yields up to `limit` tokens; a token of `stop` is the last.

    The last yielded token is not in the cache: the caller decides whether to append it. The repetition penalty covers
    the generated tokens, not the prompt, which may be rows.
    """
    hidden = decoder.forward(cache, prompt)[-1]
    generated: list[int] = []
    while len(generated) < limit:
        if generated:
            hidden = decoder.forward(cache, torch.tensor(generated[-1:]))[-1]
        logits = decoder.logits(hidden)
        generated.append(choose(logits, sampling, generated, generator))
        yield Step(generated[-1], logits, hidden)
        if generated[-1] in stop:
            return
