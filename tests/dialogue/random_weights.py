"""A model's weights made of noise, stored in a GGUF type: what the compiled step and torch are compared on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants
from numpy.typing import NDArray
from torch import Tensor

from dialogue.llm.checkpoints.decoder_config import DecoderConfig, RopeConfig
from dialogue.llm.checkpoints.decoder_weights import StoredWeights
from dialogue.llm.checkpoints.gguf_file import GgufTensor


def tiny_config(
    *,
    head_dim: int = 64,
    heads: int = 3,
    kv_heads: int = 1,
    tied: bool = True,
    bias: bool = False,
    norm: bool = False,
    hidden: int = 96,
    ffn: int = 160,
) -> DecoderConfig:
    return DecoderConfig(
        vocab_size=200, hidden_size=hidden, ffn_size=ffn, layers=2, heads=heads, kv_heads=kv_heads, head_dim=head_dim,
        norm_eps=1e-5, max_positions=2048, rope=RopeConfig(), tied_head=tied, qkv_bias=bias, qk_norm=norm,
    )  # fmt: skip


# Types with 256 weights a block, which the library does not make: where in a block its float16 scales are.
_K_SCALES = {GGMLQuantizationType.Q4_K: (0, 2), GGMLQuantizationType.Q5_K: (0, 2), GGMLQuantizationType.Q6_K: (208,)}


def random_blocks(noise: np.random.Generator, kind: GGMLQuantizationType, rows: int, columns: int) -> NDArray[np.uint8]:
    """Rows of a matrix of noise as a file stores them, of about 1 / sqrt(columns)."""
    if kind not in _K_SCALES:
        plain = noise.normal(0, columns**-0.5, (rows, columns)).astype(np.float32)
        blocks: NDArray[np.uint8] = quants.quantize(plain, kind).view(np.uint8)
        return blocks
    _, size = GGML_QUANT_SIZES[kind]
    blocks = noise.integers(0, 256, (rows, columns // 256, size), dtype=np.uint8)
    for at in _K_SCALES[kind]:
        scales = noise.uniform(0.5, 1.5, blocks.shape[:2]) * columns**-0.5 / 1000
        blocks[..., at : at + 2] = scales.astype(np.float16)[..., None].view(np.uint8)
    return blocks.reshape(rows, -1)


class RandomWeights(StoredWeights):
    """Matrices of `kind`, norms about 1, small biases. As floats and as blocks they are the same numbers."""

    def __init__(self, config: DecoderConfig, kind: GGMLQuantizationType = GGMLQuantizationType.Q4_1) -> None:
        c, noise = config, np.random.default_rng(7)
        self._stored: dict[str, GgufTensor] = {}

        def matrix(name: str, rows: int, columns: int) -> None:
            self._stored[f"{name}.weight"] = GgufTensor(kind, random_blocks(noise, kind, rows, columns))

        def vector(name: str, size: int, mean: float) -> None:
            floats = noise.uniform(mean - 0.5, mean + 0.5, size).astype(np.float32)
            self._stored[name] = GgufTensor(GGMLQuantizationType.F32, floats.view(np.uint8))

        for layer in range(c.layers):
            at = f"model.layers.{layer}."
            matrix(f"{at}self_attn.o_proj", c.hidden_size, c.heads * c.head_dim)
            for part, count in (("q", c.heads), ("k", c.kv_heads), ("v", c.kv_heads)):
                matrix(f"{at}self_attn.{part}_proj", count * c.head_dim, c.hidden_size)
                vector(f"{at}self_attn.{part}_proj.bias", count * c.head_dim, 0.0)
            matrix(f"{at}mlp.gate_proj", c.ffn_size, c.hidden_size)
            matrix(f"{at}mlp.up_proj", c.ffn_size, c.hidden_size)
            matrix(f"{at}mlp.down_proj", c.hidden_size, c.ffn_size)
            for name in ("input_layernorm", "post_attention_layernorm"):
                vector(f"{at}{name}.weight", c.hidden_size, 1.0)
            for name in ("self_attn.q_norm", "self_attn.k_norm"):
                vector(f"{at}{name}.weight", c.head_dim, 1.0)
        matrix("model.embed_tokens", c.vocab_size, c.hidden_size)
        matrix("lm_head", c.vocab_size, c.hidden_size)
        vector("model.norm.weight", c.hidden_size, 1.0)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: tensor.shape for name, tensor in self._stored.items()}

    def blocks(self, name: str) -> GgufTensor:
        return self._stored[name]

    def __getitem__(self, name: str) -> Tensor:
        return torch.from_numpy(self._stored[name].floats())

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)
