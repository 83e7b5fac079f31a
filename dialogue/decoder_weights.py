"""Where a decoder's numbers come from: safetensors folders, and GGUF files under Hugging Face names.

Both are lazy mappings from name to tensor, so a loader holds one layer at a time. Nothing here looks a file up or
knows what a layer does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor

from dialogue.decoder_config import DecoderConfig, RopeConfig
from dialogue.errors import BadInput

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


class SafetensorsWeights(Mapping[str, Tensor]):
    """All *.safetensors of a folder (or one file) as one mapping; `prefix` ("llm.") is taken off the names."""

    def __init__(self, path: Path, prefix: str = "") -> None:
        files = [path] if path.is_file() else sorted(path.glob("*.safetensors"))
        if not files:
            raise BadInput(f"No .safetensors file in {path}; point to the folder of a downloaded model.")
        self._prefix = prefix
        self._files: dict[str, Any] = {}
        for file in files:
            opened = safe_open(file, framework="pt")
            self._files |= {name: opened for name in opened.keys() if name.startswith(prefix)}  # noqa: SIM118

    def __getitem__(self, name: str) -> Tensor:
        tensor: Tensor = self._files[self._prefix + name].get_tensor(self._prefix + name)
        return tensor

    def __iter__(self) -> Iterator[str]:
        return (name.removeprefix(self._prefix) for name in self._files)

    def __len__(self) -> int:
        return len(self._files)


class GgufWeights(Mapping[str, Tensor]):
    """A GGUF file's tensors under Hugging Face names, dequantised to float32 by the gguf library.

    `raw` gives the file's own blocks instead, rows in the same order. Files of the llama architecture store the rows
    of q and k interleaved for another pairing of rotary dimensions; both accessors put them back.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._reader = gguf.GGUFReader(path)
        except (OSError, ValueError) as error:
            raise BadInput(f"{path.name} cannot be read as GGUF ({error}); download it again.") from error
        self._tensors = {tensor.name: tensor for tensor in self._reader.tensors}
        self.metadata = GgufMetadata(self._reader)
        self.config = self.metadata.config(tied_head="output.weight" not in self._tensors)
        self._interleaved = self.metadata.architecture == "llama"

    def __getitem__(self, name: str) -> Tensor:
        tensor = self._tensors[_gguf_name(name)]
        floats = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32, copy=False)
        # A copy, because float tensors come as views of the mapped file, which is read-only.
        return torch.from_numpy(self._reordered(name, floats).copy())

    def raw(self, name: str) -> tuple[np.ndarray, gguf.GGMLQuantizationType]:
        """The tensor's blocks as stored, uint8 (rows, bytes) for quantised types, and their type."""
        tensor = self._tensors[_gguf_name(name)]
        return self._reordered(name, tensor.data), tensor.tensor_type

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _gguf_name(name) in self._tensors

    def __iter__(self) -> Iterator[str]:
        known = list(_GGUF_NAMES)
        for layer in range(self.config.layers):
            known += [
                f"model.layers.{layer}.{part}.{kind}" for part in _GGUF_LAYER_NAMES for kind in ("weight", "bias")
            ]
        return (name for name in known if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _reordered(self, name: str, rows: np.ndarray) -> np.ndarray:
        if not self._interleaved or ("q_proj" not in name and "k_proj" not in name):
            return rows
        heads = self.config.heads if "q_proj" in name else self.config.kv_heads
        pairs = rows.reshape(heads, self.config.head_dim // 2, 2, *rows.shape[1:])
        return pairs.swapaxes(1, 2).reshape(rows.shape)


class GgufMetadata:
    """The key/value part of a GGUF file, by plain name: `get("rope.freq_base")` looks below the architecture too."""

    def __init__(self, reader: gguf.GGUFReader) -> None:
        self._fields = reader.fields
        self.architecture = str(self.get("general.architecture"))

    def get(self, key: str, default: Any = None) -> Any:
        """The value of `key`, or of `<architecture>.key`."""
        field = self._fields.get(key)
        if field is None and key != "general.architecture":
            field = self._fields.get(f"{self.architecture}.{key}")
        return default if field is None else field.contents()

    def config(self, tied_head: bool) -> DecoderConfig:
        """The decoder's shape. Raises BadInput for an architecture outside the Llama family."""
        if self.architecture not in ("llama", "qwen2", "qwen3"):
            raise BadInput(f"GGUF architecture {self.architecture!r} is not of the Llama family.")
        heads, hidden = int(self.get("attention.head_count")), int(self.get("embedding_length"))
        limit = int(self.get("context_length"))
        scaling = self.get("rope.scaling.type", "none")
        if scaling not in ("none", "linear", "yarn"):
            raise BadInput(f"Rotary scaling {scaling!r} of this GGUF file is not known.")
        return DecoderConfig(
            vocab_size=len(self.get("tokenizer.ggml.tokens")),
            hidden_size=hidden,
            ffn_size=int(self.get("feed_forward_length")),
            layers=int(self.get("block_count")),
            heads=heads,
            kv_heads=int(self.get("attention.head_count_kv", heads)),
            head_dim=int(self.get("attention.key_length", hidden // heads)),
            norm_eps=float(self.get("attention.layer_norm_rms_epsilon")),
            max_positions=limit,
            rope=RopeConfig(
                theta=float(self.get("rope.freq_base", 10000.0)),
                kind="default" if scaling == "none" else scaling,
                factor=float(self.get("rope.scaling.factor", 1.0)),
                pretrained_positions=int(self.get("rope.scaling.original_context_length", limit)),
            ),
            tied_head=tied_head,
            qkv_bias=self.architecture == "qwen2",
            qk_norm=self.architecture == "qwen3",
        )


def read_hf_config(folder: Path) -> dict[str, Any]:
    """The contents of config.json of a model folder."""
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{folder} has no readable config.json; point to the folder of a downloaded model.") from error
    return config


def _gguf_name(name: str) -> str:
    if name in _GGUF_NAMES:
        return _GGUF_NAMES[name]
    layer, _, rest = name.removeprefix("model.layers.").partition(".")
    part, _, kind = rest.rpartition(".")
    return f"blk.{layer}.{_GGUF_LAYER_NAMES.get(part, part)}.{kind}"
