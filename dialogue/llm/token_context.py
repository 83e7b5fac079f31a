"""The tokens of one session and the cache that holds them, kept in line with what should be there.

Every method is one step on the thread that owns the model: whoever is cancelled while a step runs leaves tokens and
cache agreeing. Says nothing about what the tokens mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import torch
from torch import Tensor

from dialogue.llm.sampling import SamplingConfig, choose

# One step of prefill: long enough to be efficient, short enough that other sessions are not kept waiting.
PREFILL_CHUNK = 64


class TokenContext:
    """`model` is a LanguageModel (or anything with its forward, logits, rotary); `cache` is this session's own."""

    def __init__(self, model: Any, cache: Any) -> None:
        self._model, self._cache = model, cache
        self._ids: list[int] = []
        self._last: Tensor | None = None  # hidden state behind the last token, if it was just computed

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(self._ids)

    def copy_from(self, other: TokenContext) -> None:
        """Take over another context's tokens without computing them: a shared beginning. Ours must be empty."""
        assert not self._ids, "only an empty context can take over another"
        length = len(other._ids)
        self._cache.storage[:, :, :, :length] = other._cache.storage[:, :, :, :length]
        self._cache.advance(length)
        self._ids = list(other._ids)

    def follow(self, wanted: Sequence[int], ready: bool = False) -> int:
        """One step towards holding exactly `wanted`; returns how many tokens are still to be computed.

        Keeps the common beginning. `ready` asks for the next token's logits as well, so that `choose` can go on.
        """
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(self._ids, wanted, strict=False)))
        if ready and same == len(wanted) and (self._last is None or len(self._ids) > same):
            same -= 1
        if same < len(self._ids):
            self._cache.rewind(same)
            del self._ids[same:]
            self._last = None
        chunk = wanted[same : same + PREFILL_CHUNK]
        if chunk:
            self._append(chunk)
        return len(wanted) - len(self._ids)

    def cut(self, start: int, end: int) -> None:
        """Drop tokens start .. end; what stood behind them stays computed. No more than is there is dropped."""
        end = min(end, len(self._ids))
        if start < end:
            self._cache.cut(start, end, self._model.rotary)
            del self._ids[start:end]
            self._last = None

    def insert(self, at: int, ids: Sequence[int]) -> None:
        """Put tokens in front of token `at`; what stands behind makes way and stays computed.

        At most PREFILL_CHUNK of them, since this is one step.
        """
        assert len(ids) <= PREFILL_CHUNK, "insert longer texts piece by piece"
        behind = self._ids[at:]
        del self._ids[at:]
        self._last = None
        with self._cache.gap(at, len(ids), self._model.rotary):
            self._append(ids)
        self._ids += behind
        self._last = None

    def choose(self, sampling: SamplingConfig, recent: Sequence[int]) -> int:
        """The next token by the model; it is not appended. `follow(..., ready=True)` comes first."""
        assert self._last is not None, "no hidden state to choose from"
        return choose(self._model.logits(self._last), sampling, recent)

    def advance(self, token: int, sampling: SamplingConfig, recent: Sequence[int]) -> int:
        """The chosen token becomes part of the context; returns the one after it."""
        self._append([token])
        return self.choose(sampling, recent)

    def _append(self, ids: Sequence[int]) -> None:
        hidden = self._model.forward(self._cache, torch.tensor(list(ids)))
        self._ids += ids
        self._last = hidden[-1]
