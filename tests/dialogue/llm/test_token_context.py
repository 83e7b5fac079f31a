"""Tokens and cache of a session agree after every follow, cut and insert."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from dialogue.llm.decoder import Decoder
from dialogue.llm.sampling import GREEDY
from dialogue.llm.token_context import PREFILL_CHUNK, ChunkSteps, TokenContext
from tests.dialogue.random_weights import RandomWeights, tiny_config


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    return Decoder(tiny_config(), RandomWeights(tiny_config()))


def holding(decoder: Decoder, ids: list[int]) -> TokenContext:
    context = TokenContext(decoder, decoder.new_cache(256))
    while context.follow(ids, True):
        pass
    return context


def test_following_computes_only_what_is_new(decoder: Decoder) -> None:
    context = holding(decoder, list(range(30)))
    assert context.follow(list(range(40))) == 0
    assert context.follow([*range(20), 99]) == 0
    assert context.ids == (*range(20), 99)
    assert context.follow([*range(20), *range(100, 100 + PREFILL_CHUNK + 3)]) == 3


def test_inserted_tokens_move_later_ones(decoder: Decoder) -> None:
    context = holding(decoder, [*range(5), *range(50, 80)])
    context.insert(5, [100, 101, 102])
    assert context.ids == (*range(5), 100, 101, 102, *range(50, 80))
    assert context.follow(list(context.ids)) == 0
    whole = holding(decoder, list(context.ids))
    storage, fresh = context._cache.storage, whole._cache.storage
    assert context._cache.length == whole._cache.length == 38
    # The first layer does not depend on other tokens, so its keys and values equal those computed in order.
    torch.testing.assert_close(storage[0, ..., :38, :], fresh[0, ..., :38, :], atol=1e-5, rtol=0)


def test_after_an_insert_the_next_token_needs_a_step(decoder: Decoder) -> None:
    context = holding(decoder, list(range(10)))
    context.insert(2, [100])
    with pytest.raises(AssertionError, match="no hidden state"):
        context.choose(GREEDY, ())
    assert context.follow(list(context.ids), True) == 0
    context.choose(GREEDY, ())


def test_a_cut_and_an_insert_can_follow_each_other(decoder: Decoder) -> None:
    context = holding(decoder, list(range(100)))
    context.cut(10, 20)
    context.insert(10, list(range(100, 130)))
    assert context.ids == (*range(10), *range(100, 130), *range(20, 100))
    assert context._cache.length == 120


def test_an_insert_longer_than_a_step_is_refused(decoder: Decoder) -> None:
    with pytest.raises(AssertionError, match="in parts"):
        holding(decoder, [1]).insert(0, [1] * (PREFILL_CHUNK + 1))


class Layered:
    """A decoder that computes a chunk of 16 tokens in three steps."""

    chunk = 16

    def __init__(self, decoder: Decoder) -> None:
        self.forward, self.logits, self.rotary = decoder.forward, decoder.logits, decoder.rotary
        self.begun: list[list[int]] = []

    def begin(self, cache: Any, ids: Tensor) -> ChunkSteps:
        self.begun.append(ids.tolist())
        return ThreeSteps(lambda: self.forward(cache, ids))


class ThreeSteps:
    def __init__(self, compute: Callable[[], Tensor]) -> None:
        self._compute, self._left = compute, 3

    def step(self) -> Tensor | None:
        self._left -= 1
        return None if self._left else self._compute()


def test_a_chunk_in_steps_ends_like_one_at_once(decoder: Decoder) -> None:
    model, wanted = Layered(decoder), list(range(40))
    context = TokenContext(model, decoder.new_cache(256))
    left = [context.follow(wanted, True) for _ in range(9)]
    assert left == [40, 40, 24, 24, 24, 8, 8, 8, 0]
    assert context.choose(GREEDY, ()) == holding(decoder, wanted).choose(GREEDY, ())


def test_a_chunk_that_is_mostly_wanted_is_finished(decoder: Decoder) -> None:
    model = Layered(decoder)
    context = TokenContext(model, decoder.new_cache(256))
    context.follow(list(range(16)))
    changed = [*range(10), 90, 91]
    while context.follow(changed, True):
        pass
    assert model.begun == [list(range(16)), [90, 91]]
    assert context.ids == tuple(changed)
    assert context.choose(GREEDY, ()) == holding(decoder, changed).choose(GREEDY, ())


def test_a_chunk_that_is_not_wanted_any_more_is_left(decoder: Decoder) -> None:
    model = Layered(decoder)
    context = TokenContext(model, decoder.new_cache(256))
    context.follow(list(range(16)))
    changed = [*range(5), *range(90, 101)]
    while context.follow(changed, True):
        pass
    assert model.begun == [list(range(16)), changed]
    assert context.choose(GREEDY, ()) == holding(decoder, changed).choose(GREEDY, ())


def test_fewer_wanted_tokens_leave_the_next_one_ready(decoder: Decoder) -> None:
    model = Layered(decoder)
    context = TokenContext(model, decoder.new_cache(256))
    context.follow(list(range(16)))
    while context.follow(list(range(12)), True):
        pass
    assert context.ids == tuple(range(12))
    assert context.choose(GREEDY, ()) == holding(decoder, list(range(12))).choose(GREEDY, ())


def test_a_cut_abandons_what_has_begun(decoder: Decoder) -> None:
    model = Layered(decoder)
    context = TokenContext(model, decoder.new_cache(256))
    wanted = list(range(30))
    for _ in range(4):
        context.follow(wanted)
    context.cut(2, 4)
    shorter = [*range(2), *range(4, 30)]
    while context.follow(shorter, True):
        pass
    assert model.begun[-1] == list(range(16, 30))
    assert context.ids == tuple(shorter)
