"""Keeps the tokens of one session and its KV cache in agreement with a wanted sequence of tokens.

Every method is one step on the model's thread, so that tokens and cache agree even if the caller is cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dialogue.llm.batching import Fed, Feed, Steps
from dialogue.llm.sampling import GREEDY, Mask, SamplingConfig, choose

# Tokens of one prefill step at most: enough to be efficient.
PREFILL_CHUNK = 64


class ChunkSteps(Protocol):
    """A forward pass that is computed in steps; the last one returns the hidden states (T, hidden)."""

    def step(self) -> Tensor | None: ...


@runtime_checkable
class Stepwise(Protocol):
    """A model that computes a chunk of tokens in short steps, between which other work gets its turn."""

    @property
    def chunk(self) -> int:
        """The number of tokens of a chunk, at most PREFILL_CHUNK."""
        ...

    def begin(self, cache: Any, ids: Tensor) -> ChunkSteps: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Begun:
    """A chunk whose forward pass has begun."""

    ids: list[int]
    steps: ChunkSteps

    def serves(self, wanted: list[int]) -> bool:
        """Whether most of the chunk is still wanted next: then finishing it is cheaper than beginning again."""
        return 2 * _common(self.ids, wanted) >= len(self.ids)


class TokenContext:
    """`model` is a LanguageModel (or has its forward, logits and rotary); `cache` belongs to this session."""

    def __init__(self, model: Any, cache: Any) -> None:
        self._model, self._cache = model, cache
        self._stepwise = model if isinstance(model, Stepwise) else None
        self._ids: list[int] = []
        self._begun: _Begun | None = None
        self._last: Tensor | None = None  # hidden state after the last token, if it was just computed
        self.certainty = 1.0  # the probability that the model gave the token that was chosen last

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(self._ids)

    def copy_from(self, other: TokenContext) -> None:
        """Copies another context's tokens and cache, a shared prefix, without computing them. This one must be
        empty."""
        self.begin_with(other._ids, other.prefix(len(other._ids)))

    def prefix(self, length: int) -> Tensor:
        """The keys and values of the first `length` tokens, a view."""
        rows: Tensor = self._cache.storage[:, :, :, :length]
        return rows

    def begin_with(self, ids: Sequence[int], rows: Tensor) -> None:
        """Takes tokens whose keys and values are `rows`, without computing them. The context must be empty."""
        assert not self._ids, "Only an empty context can take tokens that it has not computed."
        self._cache.storage[:, :, :, : len(ids)] = rows
        self._cache.advance(len(ids))
        self._ids = list(ids)

    def follow(self, wanted: Sequence[int], ready: bool = False) -> int:
        """Takes one step towards exactly the tokens `wanted`; returns the number of tokens still to be computed.

        Keeps the common prefix. With `ready` the next token can be chosen after the last step.
        """
        wanted = list(wanted)
        same = _common(self._ids, wanted)
        if ready and same == len(wanted) and (self._last is None or len(self._ids) > same):
            same -= 1
        self._keep(same)
        if same < len(wanted):
            self._compute(wanted[same:])
            self._keep(_common(self._ids, wanted))
        left = len(wanted) - len(self._ids)
        return 1 if ready and not left and self._last is None else left

    def cut(self, start: int, end: int) -> None:
        """Removes tokens start .. end, or up to the last one; later tokens are not computed again."""
        end = min(end, len(self._ids))
        if start < end:
            self._cache.cut(start, end, self._model.rotary)
            del self._ids[start:end]
            self._last = self._begun = None

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

    def choose(self, sampling: SamplingConfig, recent: Sequence[int], mask: Mask | None = None) -> int:
        """The next token by the model, without appending it. Call `follow(..., ready=True)` first."""
        assert self._last is not None, "There is no hidden state to choose from."
        logits = self._model.logits(self._last)
        token = choose(logits if mask is None else mask(logits), sampling, recent)
        self.certainty = float((logits[token] - logits.logsumexp(-1)).exp())
        return token

    def hidden(self) -> NDArray[np.float32]:
        """The hidden state after the last token, float32 (hidden,). Call `follow(..., ready=True)` first."""
        assert self._last is not None, "There is no hidden state."
        state: NDArray[np.float32] = self._last.float().cpu().numpy()
        return state

    def probability(self, token: int) -> float:
        """How likely the model finds `token` next, 0..1. Call `follow(..., ready=True)` first."""
        assert self._last is not None, "There is no hidden state to choose from."
        return float(self._model.logits(self._last).float().softmax(-1)[token])

    def advance(self, token: int, sampling: SamplingConfig, recent: Sequence[int], mask: Mask | None = None) -> int:
        """Appends the chosen token to the context; returns the next one."""
        self._append([token])
        return self.choose(sampling, recent, mask)

    def advancing(self, token: int, mask: Mask) -> Steps[int]:
        """`advance` without sampling, in a pass that other sessions may share."""
        fed: Fed = yield Feed(self._model, self._cache, torch.tensor([token]))
        assert fed.logits is not None, "logits were asked for"
        self._appended([token], fed.hidden)
        return choose(mask(fed.logits), GREEDY, ())

    def _keep(self, count: int) -> None:
        """Removes the tokens behind the first `count`."""
        if count < len(self._ids):
            self._cache.rewind(count)
            del self._ids[count:]
            self._last = self._begun = None

    def _compute(self, wanted: list[int]) -> None:
        """Takes one step of computing the tokens `wanted`, which follow those that are there."""
        if self._stepwise is None:
            self._append(wanted[:PREFILL_CHUNK])
            return
        if self._begun is None or not self._begun.serves(wanted):
            chunk = wanted[: self._stepwise.chunk]
            self._begun = _Begun(chunk, self._stepwise.begin(self._cache, torch.tensor(chunk)))
        begun = self._begun
        if (hidden := begun.steps.step()) is not None:
            self._appended(begun.ids, hidden)

    def _append(self, ids: Sequence[int]) -> None:
        self._appended(ids, self._model.forward(self._cache, torch.tensor(list(ids))))

    def _appended(self, ids: Sequence[int], hidden: Tensor) -> None:
        self._ids += ids
        self._last, self._begun = hidden[-1], None


def _common(a: list[int], b: list[int]) -> int:
    """The length of the common prefix. Compares slices: a loop over a whole context would hold the interpreter."""
    low, high = 0, min(len(a), len(b))
    middle = high
    while low < high:
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
        middle = (low + high + 1) // 2
    return low
