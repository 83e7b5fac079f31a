"""Measures how many sessions of an autoregressive model keep up with speech.

Measured with the loaded model in a full context; takes as long as a few tokens. Prefill before the first token
(text, pictures) is latency and not counted, nor is the cost of ASR, vision and TTS: the result is an upper bound.
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

READ_TOKENS = 4  # a second of speech
SHARE = 0.75  # of each second that decoding for all sessions may take
MOST = 64  # sessions counted at most
TIMED = 4  # tokens measured


class TokenModel(Protocol):
    """The interface of `LanguageModel` used here: ids in, hidden states and logits out, with a KV cache."""

    def new_cache(self, capacity: int) -> Any: ...
    def forward(self, cache: Any, inputs: Tensor) -> Tensor: ...
    def logits(self, hidden: Tensor) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class DecodePace:
    """`token_s` is the time a token takes; `most` is the number of sessions that fit into memory."""

    token_s: float
    most: int = MOST

    def seconds(self, sessions: int) -> float:
        """The time to decode one second of answers of all sessions: each token is a step of its own."""
        return sessions * READ_TOKENS * self.token_s

    def sessions(self, share: float = SHARE) -> int:
        """The number that fits into that share of a second; 0 if not even one does."""
        return min(self.most, int(share / self.seconds(1)))


@dataclass(frozen=True, eq=False)
class PacedSessions:
    """A factory of sessions of one model, each with a context of at most `limit` tokens.

    `tokens_per_s` is the speed of replies that was measured when the model was opened, where it was.
    """

    new_session: Callable[[], Engine]
    model: TokenModel
    limit: int
    tokens_per_s: float | None = None

    def __call__(self) -> Engine:
        return self.new_session()

    def measure_pace(self) -> DecodePace:
        """Runs on the model's thread."""
        return measure_pace(self.model, self.limit)


@torch.inference_mode()
def measure_pace(model: TokenModel, limit: int, most: int = MOST, now: Callable[[], float] | None = None) -> DecodePace:
    """Takes the best of a few tokens, in processor time of this thread, because the machine may be shared: a moment of
    load must not decide for as long as the server runs. On a GPU, by the clock. The first token is a warm-up."""
    cache = model.new_cache(limit)
    cache.storage.fill_(0.01)  # untouched memory would be read too fast
    cache.advance(limit - TIMED - 1)
    now = now or (time.thread_time if cache.storage.device.type == "cpu" else time.perf_counter)
    taken = []
    for _ in range(TIMED + 1):
        began = now()
        int(model.logits(model.forward(cache, torch.tensor([0]))[-1]).argmax())  # waits for the GPU
        taken.append(now() - began)
    return DecodePace(min(taken[1:]), sessions_in_memory(cache.storage.nbytes, cache.storage.device, most))
