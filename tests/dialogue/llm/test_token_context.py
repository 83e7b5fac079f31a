"""Tokens and cache of a session agree, whatever is followed, cut out or put in front."""

from __future__ import annotations

import pytest
import torch

from dialogue.llm.decoder import Decoder
from dialogue.llm.sampling import GREEDY
from dialogue.llm.token_context import PREFILL_CHUNK, TokenContext
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


def test_what_is_put_in_front_makes_the_rest_give_way(decoder: Decoder) -> None:
    context = holding(decoder, [*range(5), *range(50, 80)])
    context.insert(5, [100, 101, 102])
    assert context.ids == (*range(5), 100, 101, 102, *range(50, 80))
    assert context.follow(list(context.ids)) == 0
    whole = holding(decoder, list(context.ids))
    storage, fresh = context._cache.storage, whole._cache.storage
    assert context._cache.length == whole._cache.length == 38
    # The first layer knows no neighbours: there, keys and values equal those of the whole computed in order.
    torch.testing.assert_close(storage[0, ..., :38, :], fresh[0, ..., :38, :], atol=1e-5, rtol=0)


def test_after_putting_something_in_front_the_next_word_waits_for_a_step(decoder: Decoder) -> None:
    context = holding(decoder, list(range(10)))
    context.insert(2, [100])
    with pytest.raises(AssertionError, match="no hidden state"):
        context.choose(GREEDY, ())
    assert context.follow(list(context.ids), True) == 0
    context.choose(GREEDY, ())


def test_cutting_and_putting_back_at_once_is_one_piece(decoder: Decoder) -> None:
    context = holding(decoder, list(range(100)))
    context.cut(10, 20)
    context.insert(10, list(range(100, 130)))
    assert context.ids == (*range(10), *range(100, 130), *range(20, 100))
    assert context._cache.length == 120


def test_more_than_a_step_may_take_is_refused(decoder: Decoder) -> None:
    with pytest.raises(AssertionError, match="piece by piece"):
        holding(decoder, [1]).insert(0, [1] * (PREFILL_CHUNK + 1))
