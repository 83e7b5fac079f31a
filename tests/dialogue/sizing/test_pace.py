"""Whether a model keeps up with speech: the arithmetic, and what is timed."""

from __future__ import annotations

from itertools import accumulate

import pytest
import torch
from torch import Tensor

from dialogue.llm.kv_cache import KVCache
from dialogue.llm.language_model import LanguageModel
from dialogue.sizing import pace
from dialogue.sizing.pace import READ_TOKENS, TIMED, DecodePace, measure_pace


class Slow:
    """A model whose tokens take so long each, on a clock of its own."""

    def __init__(self, *token_s: float) -> None:
        self._ends = [0.0, *accumulate(token_s)]
        self._looked = 0
        self.lengths: list[int] = []

    def now(self) -> float:
        self._looked += 1
        return self._ends[self._looked // 2]

    def new_cache(self, capacity: int) -> KVCache:
        return KVCache(1, 1, 16, capacity)

    def forward(self, cache: KVCache, inputs: Tensor) -> Tensor:
        cache.advance(len(inputs))
        self.lengths.append(cache.length)
        assert cache.storage.any(), "memory that was never written to is read too fast"
        return torch.zeros(len(inputs), 4)

    def logits(self, hidden: Tensor) -> Tensor:
        return hidden


def test_as_many_answers_as_speech_leaves_time_for() -> None:
    assert DecodePace(0.01).sessions() == int(0.75 / (READ_TOKENS * 0.01)) == 18
    assert DecodePace(0.01, most=3).sessions() == 3, "memory may hold fewer"
    assert DecodePace(0.3).sessions() == 0
    assert DecodePace(0.3).seconds(2) == pytest.approx(2.4)


def test_tokens_are_timed_at_the_end_of_a_full_context_without_the_first() -> None:
    model = Slow(9.0, 0.3, 0.2, 0.4, 0.3)
    found = measure_pace(model, 100, now=model.now)
    assert found.token_s == pytest.approx(0.2)
    assert model.lengths == list(range(100 - TIMED, 101))


def test_memory_bounds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Slow(*[0.001] * (TIMED + 1))
    each = model.new_cache(100).storage.nbytes
    monkeypatch.setattr(pace, "sessions_in_memory", lambda size, _device, most: min(5 * each // size, most))
    assert measure_pace(model, 100, now=model.now).sessions() == 5


def test_the_embedded_model_outruns_speech(smollm2: LanguageModel) -> None:
    assert measure_pace(smollm2, 512).sessions() >= 1
