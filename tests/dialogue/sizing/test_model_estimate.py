"""Estimates before loading agree with what loading then takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dialogue.llm.language_model import open_language_model
from dialogue.llm.precision import Quantisation
from dialogue.sizing.model_estimate import estimate, memory_speed
from stream.models.weights import WeightStore
from tests.dialogue.chat_models import write_chat_model

QWEN3_06B = {
    "model_type": "qwen3", "vocab_size": 151936, "hidden_size": 1024, "intermediate_size": 3072,
    "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
    "tie_word_embeddings": True, "max_position_embeddings": 40960,
}  # fmt: skip


@pytest.mark.parametrize("quantisation", ["auto", "float32", "bfloat16", "int8", "int4"])
def test_the_embedded_model_takes_what_was_said(weights: WeightStore, quantisation: Quantisation) -> None:
    path = weights.path("smollm2-135m-instruct")
    model = open_language_model(path, quantisation=quantisation)
    said = estimate(path, quantisation, 2048, 1e10)
    assert model.decoder.nbytes() == pytest.approx(said.weights_bytes, rel=0.01)
    assert model.new_cache(2048).storage.nbytes == said.cache_bytes


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("head_dim", [64, 48], ids=["compiled", "torch"])
@pytest.mark.parametrize("quantisation", ["auto", "float32", "bfloat16", "int8", "int4"])
def test_a_folder_takes_what_its_config_said(
    tmp_path: Path, quantisation: Quantisation, head_dim: int, tied: bool
) -> None:
    write_chat_model("qwen3", tmp_path, head_dim=head_dim, tied=tied)
    model = open_language_model(tmp_path, quantisation=quantisation)
    said = estimate(tmp_path, quantisation, 512, 1e10)
    assert model.decoder.nbytes() == pytest.approx(said.weights_bytes, rel=0.03)  # rows are filled up to 16
    assert model.new_cache(512).storage.nbytes == said.cache_bytes


def test_a_model_of_a_hub_is_judged_by_its_config(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(QWEN3_06B))
    eight = estimate(tmp_path, "int8", 4096, 1e10, calls=2)
    assert eight.weights_bytes == pytest.approx(0.596e9 * 34 / 32, rel=0.3)  # torch keeps a table of bfloat16
    assert eight.cache_bytes == 2 * 4096 * 28 * 2 * 8 * 128 * 2
    four = estimate(tmp_path, "int4", 4096, 1e10)
    assert 0.6 < four.weights_bytes / eight.weights_bytes < 0.8
    assert four.tokens_per_second > eight.tokens_per_second


def test_a_sentence_tells_whether_it_keeps_up(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(QWEN3_06B))
    fast, slow = (estimate(tmp_path, "bfloat16", 4096, speed, calls=2) for speed in (2e10, 2e9))
    assert fast.sentence() == (
        "596 million parameters at bfloat16 need 2.1 GB of memory (weights 1.19, contexts 0.94) and should write "
        "about 8.4 tokens a second here: as fast as it is spoken"
    )
    assert fast.keeps_up and not slow.keeps_up
    assert slow.sentence().endswith("about 0.8 tokens a second here: slower than it is spoken, so it will pause")


def test_memory_speed_is_a_speed() -> None:
    assert 1e8 < memory_speed() < 1e13
