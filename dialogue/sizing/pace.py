"""Whether a model that makes its answers token by token keeps up with speech, and for how many sessions.

Measured with the loaded model in a context as full as it gets; takes as long as a few tokens. What an answer waits for
before its first token (words to read, a picture to look at) is latency and not counted, nor is what ears, eyes and
voice cost beside it: this is a bound from above.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from dialogue.engine import Engine
from dialogue.sizing.session_memory import sessions_in_memory

READ_TOKENS = 4  # a second, as fast as people speak
SHARE = 0.75  # of a second that the answers of all sessions may take
MOST = 64  # sessions that are counted
TIMED = 4  # tokens


class TokenModel(Protocol):
    """As `LanguageModel` is: ids in, hidden states and logits out, the past in a cache of the session's."""

    def new_cache(self, capacity: int) -> Any: ...
    def forward(self, cache: Any, inputs: Tensor) -> Tensor: ...
    def logits(self, hidden: Tensor) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class DecodePace:
    """`token_s` is how long a token takes; `most` how many sessions memory holds."""

    token_s: float
    most: int = MOST

    def seconds(self, sessions: int) -> float:
        """Of a second of answers of all of them: each token is a step of its own."""
        return sessions * READ_TOKENS * self.token_s

    def sessions(self, share: float = SHARE) -> int:
        """How many fit into that share of a second; 0 where not even one does."""
        return min(self.most, int(share / self.seconds(1)))


@dataclass(frozen=True, eq=False)
class PacedSessions:
    """A factory of sessions of one model, each with a context of at most `limit` tokens."""

    new_session: Callable[[], Engine]
    model: TokenModel
    limit: int

    def __call__(self) -> Engine:
        return self.new_session()

    def measure_pace(self) -> DecodePace:
        """On the model's thread."""
        return measure_pace(self.model, self.limit)


@torch.inference_mode()
def measure_pace(
    model: TokenModel, limit: int, most: int = MOST, now: Callable[[], float] = time.perf_counter
) -> DecodePace:
    """The best of a few tokens, since others may be using the machine; the first warms up."""
    cache = model.new_cache(limit)
    cache.storage.normal_()  # memory that was never written to would be read too fast
    cache.advance(limit - TIMED - 1)
    taken = []
    for _ in range(TIMED + 1):
        began = now()
        int(model.logits(model.forward(cache, torch.tensor([0]))[-1]).argmax())  # a card has done its work by then
        taken.append(now() - began)
    return DecodePace(min(taken[1:]), sessions_in_memory(cache.storage.nbytes, cache.storage.device, most))
