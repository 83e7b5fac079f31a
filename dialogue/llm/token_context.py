"""Keeps the tokens of one session and its KV cache in agreement with a wanted sequence of tokens.

Every method is one step on the model's thread, so that tokens and cache agree even if the caller is cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import torch
from torch import Tensor

from dialogue.llm.sampling import SamplingConfig, choose

# Tokens of one prefill step: many enough to be efficient, few enough that other sessions do not wait.
PREFILL_CHUNK = 64


class TokenContext:
    """`model` is a LanguageModel (or has its forward, logits and rotary); `cache` belongs to this session."""

    def __init__(self, model: Any, cache: Any) -> None:
        self._model, self._cache = model, cache
        self._ids: list[int] = []
        self._last: Tensor | None = None  # hidden state after the last token, if it was just computed

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(self._ids)

    def copy_from(self, other: TokenContext) -> None:
        """Copies another context's tokens and cache, a shared prefix, without computing them. This one must be
        empty."""
        assert not self._ids, "Only an empty context can copy another."
        length = len(other._ids)
        self._cache.storage[:, :, :, :length] = other._cache.storage[:, :, :, :length]
        self._cache.advance(length)
        self._ids = list(other._ids)

    def follow(self, wanted: Sequence[int], ready: bool = False) -> int:
        """Takes one step towards exactly the tokens `wanted`; returns the number of tokens still to be computed.

        Keeps the common prefix. With `ready` the next token can be chosen after the last step.
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
        """Removes tokens start .. end, or up to the last one; later tokens are not computed again."""
        end = min(end, len(self._ids))
        if start < end:
            self._cache.cut(start, end, self._model.rotary)
            del self._ids[start:end]
            self._last = None

    def insert(self, at: int, ids: Sequence[int]) -> None:
        """Inserts tokens before token `at`; later tokens move and are not computed again.

        At most PREFILL_CHUNK tokens, since this is one step.
        """
        assert len(ids) <= PREFILL_CHUNK, "Insert longer texts in parts."
        later = self._ids[at:]
        del self._ids[at:]
        self._last = None
        with self._cache.gap(at, len(ids), self._model.rotary):
            self._append(ids)
        self._ids += later
        self._last = None

    def choose(self, sampling: SamplingConfig, recent: Sequence[int]) -> int:
        """The next token by the model, without appending it. Call `follow(..., ready=True)` first."""
        assert self._last is not None, "There is no hidden state to choose from."
        return choose(self._model.logits(self._last), sampling, recent)

    def advance(self, token: int, sampling: SamplingConfig, recent: Sequence[int]) -> int:
        """Appends the chosen token to the context; returns the next one."""
        self._append([token])
        return self.choose(sampling, recent)

    def _append(self, ids: Sequence[int]) -> None:
        hidden = self._model.forward(self._cache, torch.tensor(list(ids)))
        self._ids += ids
        self._last = hidden[-1]
