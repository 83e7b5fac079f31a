"""The KV cache of one session: append, cut, insert, lift and land. Tests rotary.py and rolling_rows.py as well.

Also tests `rolling_rows.py`, `rope_frequencies.py` and `rotary.py`.
"""

from __future__ import annotations

import mmap

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from dialogue.llm.checkpoints.decoder_config import RopeConfig
from dialogue.llm.decoder import Decoder
from dialogue.llm.kv_cache import KVCache
from dialogue.llm.rotary import Rotary, rotate
from tests.dialogue.random_weights import RandomWeights, tiny_config

LAYERS, HEADS, DIM, CAPACITY = 2, 2, 8, 48
ROPES = (
    RopeConfig(),
    RopeConfig(theta=1e6),
    RopeConfig(kind="linear", factor=3.0),
    RopeConfig(kind="dynamic", factor=2.0, pretrained_positions=16),
    RopeConfig(kind="llama3", theta=5e5, factor=8.0, pretrained_positions=64),
    RopeConfig(kind="yarn", factor=4.0, pretrained_positions=16),
    RopeConfig(
        kind="longrope", factor=4.0, pretrained_positions=16, short_factor=(1.0,) * 4, long_factor=(1.0, 1.5, 2.0, 4.0)
    ),
)


def filled(tokens: int) -> KVCache:
    torch.manual_seed(0)
    cache = KVCache(layers=2, kv_heads=2, head_dim=8, capacity=32)
    for layer in range(2):
        cache.append(layer, torch.randn(2, tokens, 8), torch.randn(2, tokens, 8))
    cache.advance(tokens)
    return cache


class Unrotated:
    """The same conversation as a cache, with keys before rotation: (layers, heads, n, dim)."""

    def __init__(self, cache: KVCache, rotary: Rotary) -> None:
        self.cache, self.rotary = cache, rotary
        self.noise = torch.Generator().manual_seed(1)
        self.keys = self.values = torch.zeros(LAYERS, HEADS, 0, DIM)

    def append(self, tokens: int, at: int) -> None:
        """Adds new tokens after the first `at`, where the cache ends now."""
        new = torch.randn(2, LAYERS, HEADS, tokens, DIM, generator=self.noise)
        rotated = rotate(new[0], *self.rotary.span(at, tokens))
        for layer in range(LAYERS):
            self.cache.append(layer, rotated[layer], new[1, layer])
        self.cache.advance(tokens)
        self.keys = torch.cat((self.keys[:, :, :at], new[0], self.keys[:, :, at:]), 2)
        self.values = torch.cat((self.values[:, :, :at], new[1], self.values[:, :, at:]), 2)

    def drop(self, start: int, end: int) -> None:
        self.keys = torch.cat((self.keys[:, :, :start], self.keys[:, :, end:]), 2)
        self.values = torch.cat((self.values[:, :, :start], self.values[:, :, end:]), 2)

    def check(self) -> None:
        length = self.keys.shape[2]
        assert self.cache.length == length
        fresh = rotate(self.keys, *self.rotary.span(0, length))
        torch.testing.assert_close(self.cache.storage[:, 0, :, :length], fresh, atol=1e-5, rtol=0)
        assert torch.equal(self.cache.storage[:, 1, :, :length], self.values)


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["append", "cut", "rewind", "insert"]), st.floats(0, 1), st.floats(0, 1), st.integers(1, 9)
    ),
    max_size=40,
)


@settings(deadline=None)  # the machine may be busy
@given(st.sampled_from(ROPES), OPERATIONS)
def test_after_any_operations_keys_are_rotated_to_their_positions(
    rope: RopeConfig, operations: list[tuple[str, float, float, int]]
) -> None:
    cache, rotary = KVCache(LAYERS, HEADS, DIM, CAPACITY), Rotary(rope, DIM, 64)
    mirror, memory = Unrotated(cache, rotary), cache.storage.data_ptr()
    for name, where, how_far, tokens in operations:
        start = round(where * cache.length)
        end = start + round(how_far * (cache.length - start))
        match name:
            case "append" if cache.length + tokens <= CAPACITY:
                mirror.append(tokens, cache.length)
            case "insert" if cache.length + tokens <= CAPACITY:
                with cache.gap(start, tokens, rotary):
                    mirror.append(tokens, start)
            case "cut":
                cache.cut(start, end, rotary)
                mirror.drop(start, end)
            case "rewind":
                cache.rewind(start)
                mirror.drop(start, mirror.keys.shape[2])
        mirror.check()
    assert cache.storage.data_ptr() == memory, "the storage is not reallocated"


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    return Decoder(tiny_config(), RandomWeights(tiny_config()))


def logits(decoder: Decoder, cache: KVCache, ids: Tensor) -> Tensor:
    return decoder.logits(decoder.forward(cache, ids))


@settings(deadline=None)  # the machine may be busy
@given(st.integers(1, 20), st.integers(0, 30))
def test_rewinding_leaves_later_logits_bit_identical(decoder: Decoder, mark: int, said: int) -> None:
    """Nothing is cut, so whatever was said in between must not change a bit."""
    beginning, suffix = torch.arange(mark), torch.arange(100, 107)
    straight, bent = decoder.new_cache(64), decoder.new_cache(64)
    wanted = [decoder.forward(straight, beginning), logits(decoder, straight, suffix)][1]
    decoder.forward(bent, beginning)
    if said:
        decoder.forward(bent, torch.arange(50, 50 + said))
    bent.cut(bent.length, bent.length, decoder.rotary)
    bent.rewind(mark)
    assert torch.equal(logits(decoder, bent, suffix), wanted)


def test_inserted_tokens_do_not_recompute_later_ones(decoder: Decoder) -> None:
    """The first layer's keys depend only on token and position, so they equal those of the whole in order."""
    ids = torch.arange(30)
    whole, pieced = decoder.new_cache(64), decoder.new_cache(64)
    decoder.forward(whole, ids)
    decoder.forward(pieced, torch.cat((ids[:5], ids[12:])))
    with pieced.gap(5, 7, decoder.rotary):
        decoder.forward(pieced, ids[5:12])
    assert pieced.length == 30
    torch.testing.assert_close(pieced.storage[0, ..., :30, :], whole.storage[0, ..., :30, :], atol=1e-5, rtol=0)


def test_a_gap_that_is_not_filled_loses_the_later_tokens(decoder: Decoder) -> None:
    cache = decoder.new_cache(64)
    decoder.forward(cache, torch.arange(20))
    with pytest.raises(ZeroDivisionError), cache.gap(5, 3, decoder.rotary):
        raise ZeroDivisionError
    assert cache.length == 5
    with pytest.raises(AssertionError, match="evict first"), cache.gap(5, 60, decoder.rotary):
        pass


def test_tokens_lifted_and_landed_in_place_are_unchanged() -> None:
    cache = filled(20)
    before = cache.storage.clone()
    cache.land(cache.lift(5), 0, Rotary(RopeConfig(), 8, 64))
    assert cache.length == 20
    torch.testing.assert_close(cache.storage, before)


def test_landing_earlier_equals_a_cut() -> None:
    rotary = Rotary(RopeConfig(), 8, 64)
    cut, lifted = filled(20), filled(20)
    cut.cut(5, 9, rotary)
    tail = lifted.lift(9)
    lifted.rewind(5)
    lifted.land(tail, -4, rotary)
    assert cut.length == lifted.length == 16
    torch.testing.assert_close(lifted.storage[..., :16, :], cut.storage[..., :16, :])


def test_landing_later_rotates_keys_and_keeps_values() -> None:
    rotary = Rotary(RopeConfig(), 8, 64)
    cache = filled(10)
    original = cache.storage[:, :, :, 6:10].clone()
    tail = cache.lift(6)
    for layer in range(2):
        cache.append(layer, torch.zeros(2, 3, 8), torch.zeros(2, 3, 8))
    cache.advance(3)
    cache.land(tail, 3, rotary)
    landed = cache.storage[:, :, :, 9:13]
    torch.testing.assert_close(landed[:, 1], original[:, 1])
    torch.testing.assert_close(rotary.shift(landed[:, 0], -3), original[:, 0])


def test_a_cache_takes_memory_where_it_is_written() -> None:
    def resident() -> int:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * mmap.PAGESIZE

    before = resident()
    cache = KVCache(28, 2, 128, 4096, torch.float16)
    cache.storage[:, :, :, :64] = 1.0
    assert resident() - before < cache.storage.nbytes / 8
    assert not cache.storage[:, :, :, 64:128].any()
