"""Whatever is appended, cut and rewound, the cache holds the keys that would be computed fresh at their places."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from dialogue.decoder import Decoder
from dialogue.decoder_config import RopeConfig
from dialogue.kv_cache import KVCache
from dialogue.rotary import Rotary, rotate
from tests.dialogue.random_weights import RandomWeights, tiny_config

LAYERS, HEADS, DIM, CAPACITY = 2, 2, 16, 96

ROPES = {
    "default": RopeConfig(),
    "llama3": RopeConfig(500000.0, "llama3", 8.0, 8192),
    "yarn": RopeConfig(1e6, "yarn", 4.0, 64),
    "linear": RopeConfig(10000.0, "linear", 2.0, 64),
}

operations = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 30), st.just(0.0)),
        st.tuples(st.just("cut"), st.floats(0, 1), st.floats(0, 1)),
        st.tuples(st.just("rewind"), st.floats(0, 1), st.just(0.0)),
    ),
    max_size=20,
)


class Mirror:
    """A cache beside the unrotated keys and values it should hold, as plain lists."""

    def __init__(self, rope: RopeConfig) -> None:
        self.rotary = Rotary(rope, DIM, context=CAPACITY)
        self.cache = KVCache(LAYERS, HEADS, DIM, CAPACITY)
        self.keys: list[Tensor] = []  # each (layers, heads, dim)
        self.values: list[Tensor] = []

    def append(self, tokens: int) -> None:
        tokens = min(tokens, CAPACITY - self.cache.length)
        if not tokens:
            return
        keys, values = torch.randn(2, LAYERS, HEADS, tokens, DIM)
        cos, sin = self.rotary.span(self.cache.length, tokens)
        for layer in range(LAYERS):
            self.cache.append(layer, rotate(keys[layer], cos, sin), values[layer])
        self.cache.advance(tokens)
        self.keys += keys.unbind(2)
        self.values += values.unbind(2)

    def cut(self, first: float, second: float) -> None:
        start, end = sorted((int(first * self.cache.length), int(second * self.cache.length)))
        self.cache.cut(start, end, self.rotary)
        del self.keys[start:end], self.values[start:end]

    def rewind(self, share: float) -> None:
        length = int(share * self.cache.length)
        self.cache.rewind(length)
        del self.keys[length:], self.values[length:]

    def check(self) -> None:
        assert self.cache.length == len(self.keys)
        if not self.keys:
            return
        cos, sin = self.rotary.span(0, len(self.keys))
        held = self.cache.storage[:, :, :, : self.cache.length]
        fresh = rotate(torch.stack(self.keys, dim=2), cos, sin)
        torch.testing.assert_close(held[:, 0], fresh, atol=1e-5, rtol=0)
        torch.testing.assert_close(held[:, 1], torch.stack(self.values, dim=2), atol=0, rtol=0)


@pytest.mark.parametrize("rope", ROPES.values(), ids=ROPES)
@given(operations=operations)
@settings(max_examples=40, deadline=None)
def test_cached_keys_equal_keys_computed_at_their_places(
    rope: RopeConfig, operations: list[tuple[str, float, float]]
) -> None:
    torch.manual_seed(0)
    mirror = Mirror(rope)
    for name, first, second in operations:
        if name == "append":
            mirror.append(int(first))
        elif name == "cut":
            mirror.cut(first, second)
        else:
            mirror.rewind(first)
        mirror.check()


def test_a_far_move_stays_exact() -> None:
    rotary = Rotary(RopeConfig(theta=1e6), 128, context=40960)
    key = torch.randn(4, 128)
    placed = rotate(key, *rotary.span(40000, 4))
    moved = rotary.shift(placed, -39990)
    torch.testing.assert_close(moved, rotate(key, *rotary.span(10, 4)), atol=1e-5, rtol=0)


def test_logits_of_a_suffix_are_identical_when_nothing_was_cut() -> None:
    config = tiny_config()
    decoder = Decoder(config, RandomWeights(config))
    ids = torch.arange(40) % 200
    straight, detour = decoder.new_cache(80), decoder.new_cache(80)
    decoder.forward(straight, ids[:25])
    decoder.forward(detour, ids[:25])
    decoder.forward(detour, ids[3:20])  # said, then taken back
    detour.rewind(25)
    assert torch.equal(decoder.forward(straight, ids[25:]), decoder.forward(detour, ids[25:]))


def test_a_cut_equals_never_having_heard_it_where_layers_do_not_mix() -> None:
    config = tiny_config()
    decoder = Decoder(config, RandomWeights(config))
    first = decoder.new_cache(80)
    decoder.forward(first, torch.arange(60))
    first.cut(10, 40, decoder.rotary)
    second = decoder.new_cache(80)
    decoder.forward(second, torch.cat((torch.arange(10), torch.arange(40, 60))))
    # Keys of the first layer depend on the token and its place alone.
    torch.testing.assert_close(first.storage[0, :, :, :30], second.storage[0, :, :, :30], atol=1e-5, rtol=0)


def test_memory_is_made_once() -> None:
    cache = KVCache(LAYERS, HEADS, DIM, CAPACITY, torch.float16)
    before = cache.storage.data_ptr()
    mirror = Mirror(RopeConfig())
    mirror.cache = cache
    for _ in range(30):
        mirror.append(17)
        cache.cut(0, cache.length // 2, mirror.rotary)
    assert cache.storage.data_ptr() == before


def test_overfilling_is_a_mistake_of_the_caller() -> None:
    cache = KVCache(1, 1, DIM, 8)
    with pytest.raises(AssertionError, match="evict first"):
        cache.append(0, torch.zeros(1, 9, DIM), torch.zeros(1, 9, DIM))
    with pytest.raises(AssertionError, match="cannot rewind"):
        cache.rewind(1)
