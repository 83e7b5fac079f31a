"""Logits equal those of transformers' Llama, Qwen2 and Qwen3, in any chunking, with any rotary scaling.

Tests dialogue/llm/linear.py and rope_frequencies.py as well.

Also tests `linear.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from gguf import GGMLQuantizationType
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config, Qwen3Config

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.decoder_config import DecoderConfig
from dialogue.llm.decoder import Decoder
from dialogue.llm.linear import quantise_groups
from tests.dialogue.random_weights import RandomWeights, tiny_config

SIZES: dict[str, Any] = {
    "vocab_size": 160,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64, "rope_theta": 10000.0}
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
    "rope_theta": 500000.0,
}
LONGROPE = {
    "rope_type": "longrope",
    "factor": 4.0,
    "short_factor": [1.0 + 0.01 * i for i in range(8)],
    "long_factor": [2.0 + 0.5 * i for i in range(8)],
    "original_max_position_embeddings": 64,
    "rope_theta": 10000.0,
}
CONFIGS = {
    "llama": LlamaConfig(**SIZES, tie_word_embeddings=True),
    "llama-biased": LlamaConfig(**SIZES, attention_bias=True, mlp_bias=True),
    "llama-head-dim": LlamaConfig(**SIZES, head_dim=32),
    "llama3": LlamaConfig(**SIZES, rope_parameters=LLAMA3),
    "linear": LlamaConfig(**SIZES, rope_parameters={"rope_type": "linear", "factor": 3.0, "rope_theta": 10000.0}),
    "dynamic": LlamaConfig(**SIZES, rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}),
    "qwen2": Qwen2Config(**SIZES, rope_parameters={"rope_type": "default", "rope_theta": 1e6}),
    "qwen2-yarn": Qwen2Config(**SIZES, rope_parameters=YARN),
    "qwen3": Qwen3Config(**SIZES, head_dim=16, tie_word_embeddings=True),
    "qwen3-yarn": Qwen3Config(**SIZES, head_dim=32, rope_parameters=YARN),
    "longrope-short": LlamaConfig(**{**SIZES, "max_position_embeddings": 64}, rope_parameters=LONGROPE),
}


@pytest.fixture(params=CONFIGS, scope="module")
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Decoder, Any]]:
    torch.manual_seed(0)
    config = CONFIGS[request.param]
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    for name, weight in model.named_parameters():  # new models have zero biases and unit norms, which would hide errors
        if weight.dim() == 1:
            weight.data.uniform_(-0.5, 0.5) if "bias" in name else weight.data.uniform_(0.5, 1.5)
    yield Decoder(DecoderConfig.from_hf(config.to_dict()), model.state_dict()), model


@torch.inference_mode()
def expected(model: Any, ids: torch.Tensor) -> torch.Tensor:
    logits: torch.Tensor = model(input_ids=ids[None]).logits[0]
    return logits


@pytest.mark.parametrize("chunks", [(61,), (1, 7, 30, 2, 21), (1,) * 61], ids=["whole", "ugly", "token-by-token"])
def test_logits_equal_transformers(pair: tuple[Decoder, Any], chunks: tuple[int, ...]) -> None:
    decoder, model = pair
    ids = torch.randint(0, 160, (61,))
    cache = decoder.new_cache(64)
    hidden = torch.cat([decoder.forward(cache, part) for part in ids.split(chunks)])
    torch.testing.assert_close(decoder.logits(hidden), expected(model, ids), atol=1e-4, rtol=0)
    assert cache.length == 61


def test_embeddings_give_the_same_logits_as_ids(pair: tuple[Decoder, Any]) -> None:
    decoder, model = pair
    ids = torch.arange(30)
    mixed = decoder.new_cache(32)
    decoder.forward(mixed, decoder.embed(ids[:12]))
    hidden = decoder.forward(mixed, ids[12:])
    torch.testing.assert_close(decoder.logits(hidden), expected(model, ids)[12:], atol=1e-4, rtol=0)


@torch.inference_mode()
def test_hidden_states_equal_those_of_transformers(pair: tuple[Decoder, Any]) -> None:
    decoder, model = pair
    ids = torch.arange(20)
    wanted = model(input_ids=ids[None], output_hidden_states=True).hidden_states[-1][0]
    torch.testing.assert_close(decoder.forward(decoder.new_cache(20), ids), wanted, atol=1e-4, rtol=0)


def test_sessions_of_different_lengths_run_in_one_batch(pair: tuple[Decoder, Any]) -> None:
    decoder, model = pair
    histories = [torch.arange(n) for n in (5, 31, 1)]
    news = [torch.tensor(n) for n in ([7], [8, 9, 10], [11])]
    caches = [decoder.new_cache(40) for _ in histories]
    for cache, history in zip(caches, histories, strict=True):
        decoder.forward(cache, history)
    for history, new, hidden in zip(histories, news, decoder.forward_batch(caches, news), strict=True):
        wanted = expected(model, torch.cat((history, new)))[len(history) :]
        torch.testing.assert_close(decoder.logits(hidden), wanted, atol=1e-4, rtol=0)


@torch.inference_mode()
@pytest.mark.parametrize("additive", [False, True])
def test_left_padding_works_by_positions_and_mask(pair: tuple[Decoder, Any], additive: bool) -> None:
    decoder, model = pair
    ids, pad, total = torch.arange(20), 5, 20
    attends = torch.ones(total, dtype=torch.long)
    attends[:pad] = 0
    positions = (attends.cumsum(0) - 1).clamp(min=0)
    wanted = model(input_ids=ids[None], attention_mask=attends[None], position_ids=positions[None]).logits[0, pad:]
    mask = torch.ones(total, total).tril().bool() & attends.bool()
    mask.fill_diagonal_(True)  # a padded row attends to itself, since it must attend to something
    rule = torch.zeros(total, total).masked_fill(~mask, -1e9) if additive else mask
    hidden = decoder.forward(decoder.new_cache(total), ids, positions=positions, mask=rule)
    torch.testing.assert_close(decoder.logits(hidden[pad:]), wanted, atol=1e-4, rtol=0)


def test_a_sliding_window_works_by_mask(pair: tuple[Decoder, Any]) -> None:
    decoder, _ = pair
    ids, cache = torch.arange(30), decoder.new_cache(30)
    near = torch.ones(30, 30).tril().triu(-9).bool()
    whole = decoder.forward(cache, ids, mask=near)
    cache.rewind(13)
    torch.testing.assert_close(decoder.forward(cache, ids[13:], mask=near[13:]), whole[13:], atol=1e-5, rtol=0)


def test_a_failed_step_does_not_change_the_session(pair: tuple[Decoder, Any]) -> None:
    decoder, _ = pair
    cache = decoder.new_cache(8)
    decoder.forward(cache, torch.arange(6))
    with pytest.raises(AssertionError, match="evict first"):
        decoder.forward(cache, torch.arange(6))
    assert cache.length == 6


@pytest.mark.parametrize(("precision", "max_error"), [("bfloat16", 0.03), ("int8", 0.04), ("int4", 0.25)])
def test_quantised_weights_stay_close_to_float32(precision: Any, max_error: float) -> None:
    config = tiny_config(bias=True)
    weights = RandomWeights(config, GGMLQuantizationType.F32)
    exact, coarse = Decoder(config, weights), Decoder(config, weights, precision=precision)
    ids = torch.arange(50)
    wanted = exact.logits(exact.forward(exact.new_cache(64), ids))
    cache = coarse.new_cache(64)
    found = coarse.logits(torch.cat([coarse.forward(cache, part) for part in ids.split((40, 1, 9))]))
    assert (found - wanted).norm() < max_error * wanted.norm()
    assert coarse.nbytes() < exact.nbytes()


def test_groups_of_a_q4_1_file_are_recovered_exactly() -> None:
    weights = RandomWeights(tiny_config(), GGMLQuantizationType.Q4_1)
    weight = weights["model.layers.0.mlp.down_proj.weight"]
    codes, scale, minimum = quantise_groups(weight)
    again = codes.reshape(*scale.shape, 32) * scale[..., None] + minimum[..., None]
    torch.testing.assert_close(again.reshape(weight.shape), weight, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model_type": "mamba"}, "not of the Llama family"),
        ({"use_sliding_window": True}, "sliding"),
        ({"hidden_act": "gelu"}, "silu"),
        ({"rope_scaling": {"type": "su"}}, "not known"),
        ({"rope_parameters": {"partial_rotary_factor": 0.5}}, "part of each head"),
    ],
)
def test_unsupported_models_are_refused_in_a_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        DecoderConfig.from_hf({**SIZES, "model_type": "llama", **change})
