"""The cache of one session: what is taken out and put back stands where it should."""

from __future__ import annotations

import torch

from dialogue.decoder_config import RopeConfig
from dialogue.kv_cache import KVCache
from dialogue.rotary import Rotary


def filled(tokens: int) -> KVCache:
    torch.manual_seed(0)
    cache = KVCache(layers=2, kv_heads=2, head_dim=8, capacity=32)
    for layer in range(2):
        cache.append(layer, torch.randn(2, tokens, 8), torch.randn(2, tokens, 8))
    cache.advance(tokens)
    return cache


def test_what_is_lifted_and_landed_at_its_place_is_unchanged() -> None:
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


def test_landing_later_turns_keys_and_leaves_values() -> None:
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
