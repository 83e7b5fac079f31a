"""Logits equal transformers' own Llama, Qwen2 and Qwen3, in any chunking, with any rotary scaling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config, Qwen3Config

from dialogue.decoder import Decoder
from dialogue.decoder_config import DecoderConfig

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
    for name, weight in model.named_parameters():  # fresh models have zero biases and unit norms: hide no mistake
        if weight.dim() == 1:
            weight.data.uniform_(-0.5, 0.5) if "bias" in name else weight.data.uniform_(0.5, 1.5)
    yield Decoder(DecoderConfig.from_hf(config.to_dict()), model.state_dict()), model


@torch.inference_mode()
def expected(model: Any, ids: torch.Tensor) -> torch.Tensor:
    return model(input_ids=ids[None]).logits[0]


@pytest.mark.parametrize("chunks", [(61,), (1, 7, 30, 2, 21), (1,) * 61], ids=["whole", "ugly", "token-by-token"])
def test_logits_equal_transformers(pair: tuple[Decoder, Any], chunks: tuple[int, ...]) -> None:
    decoder, model = pair
    ids = torch.randint(0, 160, (61,))
    cache = decoder.new_cache(64)
    hidden = torch.cat([decoder.forward(cache, part) for part in ids.split(chunks)])
    torch.testing.assert_close(decoder.logits(hidden), expected(model, ids), atol=1e-4, rtol=0)
    assert cache.length == 61
