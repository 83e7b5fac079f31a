"""The weights of a decoder from safetensors folders and GGUF files, under Hugging Face names.

Both are lazy mappings from name to tensor, so that a loader holds one layer at a time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from gguf import GGMLQuantizationType
from numpy.typing import NDArray
from torch import Tensor

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.decoder_config import DecoderConfig, RopeConfig, RopeKind
from dialogue.llm.checkpoints.decoder_tensors import Shapes
from dialogue.llm.checkpoints.gguf_file import GgufFile, GgufTensor

_GGUF_LAYER_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_GGUF_NAMES = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}
_GGUF_SCALINGS: dict[str, RopeKind] = {"none": "default", "linear": "linear", "yarn": "yarn"}


class StoredWeights(Mapping[str, Tensor], ABC):
    """A model's tensors by Hugging Face name, as floats (`[name]`) or as they are stored (`blocks`)."""

    @abstractmethod
    def blocks(self, name: str) -> GgufTensor:
        """The tensor in a GGUF type, rows in Hugging Face order."""

    @property
    @abstractmethod
    def shapes(self) -> Shapes:
        """The shape of every tensor, from the headers; no tensor is read."""


class SafetensorsWeights(StoredWeights):
    """The tensors of an opened checkpoint."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    @property
    def shapes(self) -> Shapes:
        return self._checkpoint.shapes

    def __getitem__(self, name: str) -> Tensor:
        if name not in self.shapes:
            raise KeyError(name)
        return self._checkpoint.tensor(name)

    def blocks(self, name: str) -> GgufTensor:
        floats = self[name].float().contiguous().numpy()
        return GgufTensor(GGMLQuantizationType.F32, floats.view(np.uint8))

    def __iter__(self) -> Iterator[str]:
        return iter(self.shapes)

    def __len__(self) -> int:
        return len(self.shapes)


class GgufWeights(StoredWeights):
    """A GGUF file's tensors under Hugging Face names, dequantised to float32.

    Files of the llama architecture interleave the rows of q and k for another pairing of rotary dimensions; both
    accessors restore the order.
    """

    def __init__(self, file: GgufFile) -> None:
        self.config = config_of(file)
        self._tensors = file.tensors
        self.architecture = file.text("general.architecture")
        self._interleaved = self.architecture == "llama"

    @property
    def shapes(self) -> Shapes:
        return {name: self._tensors[_gguf_name(name)].shape for name in self}

    def __getitem__(self, name: str) -> Tensor:
        return torch.from_numpy(self._in_order(name, self._tensors[_gguf_name(name)].floats()))

    def blocks(self, name: str) -> GgufTensor:
        tensor = self._tensors[_gguf_name(name)]
        return GgufTensor(tensor.kind, self._in_order(name, tensor.rows))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _gguf_name(name) in self._tensors

    def __iter__(self) -> Iterator[str]:
        known = list(_GGUF_NAMES)
        for layer in range(self.config.layers):
            at = f"model.layers.{layer}"
            known += [f"{at}.{part}.{kind}" for part in _GGUF_LAYER_NAMES for kind in ("weight", "bias")]
        return (name for name in known if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _in_order(self, name: str, rows: NDArray[Any]) -> NDArray[Any]:
        if not self._interleaved or ("q_proj" not in name and "k_proj" not in name):
            return rows
        heads = self.config.heads if "q_proj" in name else self.config.kv_heads
        if len(rows) != heads * self.config.head_dim:
            raise BadInput(f"{name} has {len(rows)} rows, not {heads * self.config.head_dim}; use another model file.")
        pairs = rows.reshape(heads, self.config.head_dim // 2, 2, *rows.shape[1:])
        return pairs.swapaxes(1, 2).reshape(rows.shape)


def config_of(file: GgufFile) -> DecoderConfig:
    """The decoder's shape from GGUF metadata. Raises BadInput for an architecture outside the Llama family."""
    architecture = file.text("general.architecture")
    if architecture not in ("llama", "qwen2", "qwen3"):
        raise BadInput(f"GGUF architecture {architecture!r} is not of the Llama family; use another model.")

    def whole(key: str, default: int | None = None) -> int:
        return file.whole(f"{architecture}.{key}", default)

    if "token_embd.weight" not in file.tensors:
        raise BadInput("This GGUF file has no token_embd.weight; download the complete model.")
    heads, hidden = whole("attention.head_count"), whole("embedding_length")
    return DecoderConfig(
        vocab_size=file.tensors["token_embd.weight"].shape[0],
        hidden_size=hidden,
        ffn_size=whole("feed_forward_length"),
        layers=whole("block_count"),
        heads=heads,
        kv_heads=whole("attention.head_count_kv", heads),
        head_dim=whole("attention.key_length", hidden // max(heads, 1)),
        norm_eps=file.number(f"{architecture}.attention.layer_norm_rms_epsilon"),
        max_positions=whole("context_length"),
        rope=_rope_of(file, architecture),
        tied_head="output.weight" not in file.tensors,
        qkv_bias="blk.0.attn_q.bias" in file.tensors,
        qk_norm=architecture == "qwen3",
    )


def _rope_of(file: GgufFile, architecture: str) -> RopeConfig:
    theta = file.number(f"{architecture}.rope.freq_base", 10000.0)
    limit = file.whole(f"{architecture}.context_length", 2048)
    if "rope_freqs.weight" in file.tensors:
        # llama3 scaling, stored as divisors; longrope applies given divisors unchanged.
        divisors = tuple(file.tensors["rope_freqs.weight"].floats().reshape(-1).tolist())
        return RopeConfig(
            theta, "longrope", 1.0, limit, attention_factor=1.0, short_factor=divisors, long_factor=divisors
        )
    scaling = file.text(f"{architecture}.rope.scaling.type", "none")
    if scaling not in _GGUF_SCALINGS:
        raise BadInput(f"Rotary scaling {scaling!r} of this GGUF file is not known; use another model.")
    return RopeConfig(
        theta=theta,
        kind=_GGUF_SCALINGS[scaling],
        factor=file.number(f"{architecture}.rope.scaling.factor", 1.0),
        pretrained_positions=file.whole(f"{architecture}.rope.scaling.original_context_length", limit),
    )


def _gguf_name(name: str) -> str:
    if name in _GGUF_NAMES:
        return _GGUF_NAMES[name]
    layer, _, rest = name.removeprefix("model.layers.").partition(".")
    part, _, kind = rest.rpartition(".")
    return f"blk.{layer}.{_GGUF_LAYER_NAMES.get(part, part)}.{kind}"
