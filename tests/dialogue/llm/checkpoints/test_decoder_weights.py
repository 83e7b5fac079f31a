"""The same model from safetensors, with or without a prefix, and from GGUF files of three architectures.

Also tests `decoder_config.py`, `gguf_file.py` and `json_file.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.decoder_config import DecoderConfig
from dialogue.llm.checkpoints.decoder_weights import GgufWeights, SafetensorsWeights
from dialogue.llm.checkpoints.gguf_file import GgufFile
from dialogue.llm.checkpoints.json_file import read_json
from dialogue.llm.decoder import Decoder
from tests.dialogue.random_weights import RandomWeights, tiny_config

ARCHITECTURES = {
    "llama": tiny_config(heads=4, kv_heads=2),
    "qwen2": tiny_config(bias=True),
    "qwen3": tiny_config(norm=True, head_dim=128, tied=False),
}
GGUF_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "model.layers.": "blk.",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def interleave(rows: np.ndarray, heads: int) -> np.ndarray:
    """The order of rows that converters give q and k of the llama architecture."""
    return rows.reshape(heads, 2, -1, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def write_gguf(
    path: Path,
    architecture: str,
    config: DecoderConfig,
    weights: RandomWeights,
    describe: Callable[[gguf.GGUFWriter], None] = lambda writer: None,
) -> None:
    """`describe` adds more metadata, such as a tokenizer's."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(config.layers)
    writer.add_context_length(config.max_positions)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.ffn_size)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_key_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_rope_freq_base(config.rope.theta)
    describe(writer)
    for name in weights:
        if name == "lm_head.weight" and config.tied_head:
            continue
        if "_norm.weight" in name and "self_attn" in name and not config.qk_norm:
            continue
        if name.endswith(".bias") and not config.qkv_bias:
            continue
        tensor, short = weights.blocks(name), name
        for long, brief in GGUF_NAMES.items():
            short = short.replace(long, brief)
        rows: Any = tensor.rows
        if architecture == "llama" and ("q_proj" in name or "k_proj" in name):
            rows = interleave(rows, config.heads if "q_proj" in name else config.kv_heads)
        if tensor.kind is gguf.GGMLQuantizationType.F32:
            rows = rows.view(np.float32)
        writer.add_tensor(short, rows, raw_dtype=tensor.kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_gguf_file_returns_the_weights_written_to_it(architecture: str, tmp_path: Path) -> None:
    config = ARCHITECTURES[architecture]
    weights = RandomWeights(config)
    write_gguf(tmp_path / "tiny.gguf", architecture, config, weights)
    read = GgufWeights(GgufFile(tmp_path / "tiny.gguf"))
    assert read.config.norm_eps == pytest.approx(config.norm_eps)
    assert replace(read.config, norm_eps=config.norm_eps, rope=config.rope) == config
    for name in read:
        torch.testing.assert_close(read[name], weights[name], atol=0, rtol=0)
        assert (read.blocks(name).rows == weights.blocks(name).rows).all()
    ids = torch.arange(12)
    wanted, found = Decoder(config, weights), Decoder(read.config, read)
    expected = wanted.forward(wanted.new_cache(12), ids)
    torch.testing.assert_close(found.forward(found.new_cache(12), ids), expected, atol=1e-5, rtol=0)


def test_shards_are_one_mapping(tmp_path: Path) -> None:
    weights = RandomWeights(tiny_config())
    tensors = {name: weights[name] for name in weights}
    (tmp_path / "config.json").write_text("{}")
    half = len(tensors) // 2
    for number, part in enumerate((list(tensors)[:half], list(tensors)[half:])):
        save_file({name: tensors[name] for name in part}, tmp_path / f"model-{number}.safetensors")
    read = SafetensorsWeights(Checkpoint(tmp_path))
    assert set(read) == set(weights)
    assert read.shapes == weights.shapes
    assert torch.equal(read["model.norm.weight"], weights["model.norm.weight"])
    assert (read.blocks("lm_head.weight").floats() == weights["lm_head.weight"].numpy()).all()


def test_llama3_scaling_of_a_gguf_file_is_read_from_its_divisors(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "x.gguf", "llama")
    for key, value in (("block_count", 0), ("embedding_length", 64), ("feed_forward_length", 64)):
        writer.add_uint32(f"llama.{key}", value)
    writer.add_head_count(1)
    writer.add_context_length(64)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tensor("token_embd.weight", np.zeros((4, 64), np.float32))
    writer.add_tensor("rope_freqs.weight", np.linspace(1, 8, 32, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    rope = GgufWeights(GgufFile(tmp_path / "x.gguf")).config.rope
    assert (rope.kind, rope.short_factor[0], rope.long_factor[-1]) == ("longrope", 1.0, 8.0)


@pytest.mark.parametrize("cut", [3, 100, 1000, -1])
def test_a_broken_gguf_file_is_bad_input(cut: int, tmp_path: Path) -> None:
    config = ARCHITECTURES["qwen2"]
    write_gguf(tmp_path / "tiny.gguf", "qwen2", config, RandomWeights(config))
    whole = (tmp_path / "tiny.gguf").read_bytes()
    (tmp_path / "cut.gguf").write_bytes(whole[:cut] if cut > 0 else b"GARBAGE" + whole)
    with pytest.raises(BadInput, match=r"cut\.gguf is not a whole GGUF file"):
        GgufFile(tmp_path / "cut.gguf")


def test_a_folder_without_a_model_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_json(tmp_path / "config.json")
    (tmp_path / "config.json").write_text(json.dumps({"a": 1}))
    assert read_json(tmp_path / "config.json") == {"a": 1}
    with pytest.raises(BadInput, match=r"No \.safetensors"):
        SafetensorsWeights(Checkpoint(tmp_path))
