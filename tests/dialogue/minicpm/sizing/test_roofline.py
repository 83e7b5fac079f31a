"""Roofline estimates: sizes of the real models, and how times grow with sizes."""

from __future__ import annotations

from typing import Any

import pytest

from dialogue.minicpm.sizing.roofline import MACHINES, Machine, Roofline

O45: dict[str, Any] = {
    "model_type": "minicpmo", "version": "4.5", "hidden_size": 4096, "intermediate_size": 12288,
    "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
    "vocab_size": 151748, "query_num": 64, "drop_vision_last_layer": True, "audio_pool_step": 5,
    "vision_config": {
        "hidden_size": 1152, "image_size": 980, "intermediate_size": 4304, "num_attention_heads": 16,
        "num_hidden_layers": 27, "patch_size": 14,
    },
    "audio_config": {
        "d_model": 1024, "encoder_layers": 24, "encoder_attention_heads": 16, "encoder_ffn_dim": 4096,
        "num_mel_bins": 80, "max_source_positions": 1500,
    },
}  # fmt: skip
TEXT3: dict[str, Any] = {
    "model_type": "minicpm3", "num_hidden_layers": 62, "num_attention_heads": 40, "hidden_size": 2560,
    "tie_word_embeddings": True,
}  # fmt: skip
V26: dict[str, Any] = {
    "model_type": "minicpmv", "version": "2.6", "hidden_size": 3584, "intermediate_size": 18944,
    "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 151666,
    "query_num": 64, "drop_vision_last_layer": False, "vision_config": O45["vision_config"],
}  # fmt: skip
FAST = Machine("fast", 80e9, 2e12, 1e15)


def test_sizes_of_the_real_model_are_the_published_ones() -> None:
    """8.19 G of language model, about 9.3 G in all: 19 GB in 16 bits and 11 GB at 4 bits were measured by others."""
    assert Roofline(O45, "bfloat16").weights == pytest.approx(18.66e9, rel=0.01)
    assert 5e9 < Roofline(O45, "int4").weights < 11e9


def test_a_token_takes_as_long_as_reading_the_weights() -> None:
    model = Roofline(O45, "bfloat16", context=0)
    seconds = model.token().seconds(FAST)
    assert seconds == pytest.approx((8.189e9 - 151748 * 4096) * 2 / 2e12, rel=0.01)
    assert model.prefill(10).seconds(FAST) == pytest.approx(seconds)
    assert Roofline(O45, "int4", context=0).token().seconds(FAST) < 0.5 * seconds


def test_a_long_prompt_takes_as_long_as_its_multiplications() -> None:
    model = Roofline(O45, "bfloat16")
    slow = Machine("slow", 80e9, 2e12, 1e12)
    assert model.prefill(2000).seconds(slow) == pytest.approx(2 * model.prefill(1000).seconds(slow))


def test_a_context_costs_memory_and_time() -> None:
    short, long = Roofline(O45, "bfloat16", context=0), Roofline(O45, "bfloat16", context=8000)
    assert long.token().read - short.token().read == 8000 * 36 * 2 * 8 * 128 * 2
    tight = Machine("tight", 19e9, 1e12, 1e14)
    assert short.estimate(tight).fits and not long.estimate(tight, sessions=4).fits


def test_batched_sessions_share_the_reading_of_the_weights() -> None:
    model, card = Roofline(O45, "int4"), next(machine for machine in MACHINES if machine.name == "RTX 4090")
    one, four = model.unit(card), model.unit(card, 4)
    assert one < four < 3 * one
    assert model.room(card) > 0.75 / one
    assert not model.fits(card, model.room(card) + 1) or model.unit(card, model.room(card) + 1) > 0.75
    assert Roofline(O45, "float32").room(card) == 0
    assert f"room for {model.room(card)} sessions" in model.estimate(card).line()


def test_a_verdict_is_for_the_worst_second() -> None:
    laptop, card = MACHINES[0], next(machine for machine in MACHINES if machine.name == "RTX 4090")
    assert not Roofline(O45, "int4").estimate(laptop).keeps_up
    assert Roofline(O45, "int4").estimate(card).keeps_up
    assert "does not fit" in Roofline(O45, "float32").estimate(card).line()


def test_a_text_model_reads_its_tied_head_and_attends_to_latents() -> None:
    short, long = Roofline(TEXT3, "bfloat16", context=0), Roofline(TEXT3, "bfloat16", context=4096)
    assert short.weights == pytest.approx(2 * 4.07e9, rel=0.01)
    assert short.token().read == short.weights, "every weight, with the embeddings as the head"
    assert long.token().read - short.token().read == 4096 * 62 * (256 + 32) * 2
    assert long.token().multiplied - short.token().multiplied == 4096 * 62 * 40 * (2 * 256 + 32)
    assert set(long.estimate(FAST).steps) == {"100 tokens read", "token"}
    assert 2.1e9 < Roofline(TEXT3, "int4").weights < 2.2e9, "the makers' figure"


def test_v26_at_four_bits_needs_what_its_makers_name() -> None:
    assert Roofline(V26, "bfloat16").weights == pytest.approx(2 * 8.1e9, rel=0.01)
    assert 5e9 < Roofline(V26, "int4").weights < 6e9
