"""Estimates before loading agree with what loading then takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dialogue.language_model import Quantisation, open_language_model
from dialogue.model_estimate import estimate, memory_speed
from stream.weights import WeightStore

QWEN3_06B = {
    "model_type": "qwen3", "vocab_size": 151936, "hidden_size": 1024, "intermediate_size": 3072,
    "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
    "tie_word_embeddings": True, "max_position_embeddings": 40960,
}  # fmt: skip


@pytest.mark.parametrize("quantisation", ["auto", "float32"])
def test_the_embedded_model_takes_what_was_said(weights: WeightStore, quantisation: Quantisation) -> None:
    path = weights.path("smollm2-135m-instruct")
    model = open_language_model(path, quantisation=quantisation)
    said = estimate(path, quantisation, 2048, 1e10)
    assert model.decoder.nbytes() == pytest.approx(said.weights_bytes, rel=0.01)
    numbers = model.new_cache(2048).storage.numel()
    assert 2 * numbers == said.cache_bytes  # float16


def test_a_model_of_a_hub_is_judged_by_its_config(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(QWEN3_06B))
    eight = estimate(tmp_path, "auto", 4096, 1e10)
    assert eight.weights_bytes == pytest.approx(0.596e9 * 34 / 32, rel=0.01)  # 0.6 billion weights
    assert eight.cache_bytes == 4096 * 28 * 2 * 8 * 128 * 2
    four = estimate(tmp_path, "int4", 4096, 1e10)
    assert 0.6 < four.weights_bytes / eight.weights_bytes < 0.8
    assert four.tokens_per_second > eight.tokens_per_second
    assert eight.sentence() == "needs about 1.1 GB of memory and will say about 16 tokens a second"


def test_memory_speed_is_a_speed() -> None:
    assert 1e8 < memory_speed() < 1e13
