"""Opens the network of an embedder or a cross-encoder in a folder: a class of transformers, or MiniCPM's encoder.

No code of the folder is run. MiniCPM-Embedding and MiniCPM-Reranker are MiniCPM-2B with attention in both directions.
MiniCPM scales embeddings and residuals; with these factors in the weights it is a Llama, whose class runs it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    LlamaConfig,
    LlamaModel,
)

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.json_file import read_json

MINICPM = "minicpm"
_SCALED = ("self_attn.o_proj.weight", "mlp.down_proj.weight")


def is_minicpm(folder: Path) -> bool:
    return bool(read_json(folder / "config.json").get("model_type") == MINICPM)


def open_encoder(folder: Path) -> nn.Module:
    """A network whose output has `last_hidden_state`. Raises BadInput."""
    if is_minicpm(folder):
        return MiniCpmEncoder(Checkpoint(folder))
    network: nn.Module = _opened(AutoModel, folder)
    return network


def open_classifier(folder: Path) -> nn.Module:
    """A network whose output has `logits` (n, 1) or (n, 2). Raises BadInput."""
    if is_minicpm(folder):
        return MiniCpmScorer(Checkpoint(folder))
    network: nn.Module = _opened(AutoModelForSequenceClassification, folder)
    if (kinds := int(getattr(network, "config").num_labels)) > 2:  # noqa: B009 - no class of torch has it
        raise BadInput(f"The model in {folder} sorts texts into {kinds} kinds; a reranker has one.")
    return network


def open_words(folder: Path) -> Any:
    """The tokenizer. Raises BadInput."""
    try:
        words = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # the library passes on the errors of all its readers
        raise BadInput(f"The tokenizer in {folder} cannot be read ({_on_one_line(error)}).") from error
    words.padding_side = "right"
    if words.pad_token is None:
        words.pad_token = words.eos_token or words.unk_token
    return words


class MiniCpmEncoder(nn.Module):
    """MiniCPM-2B, or a smaller one of its kind, in which every token attends to all."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        config = checkpoint.config
        if config.get("rope_scaling"):
            raise BadInput(f"{checkpoint.folder} scales rotary positions, which is not supported for embedders.")
        shape = LlamaConfig(**{name: config[name] for name in _FIELDS if name in config}, attn_implementation="sdpa")
        with torch.device("meta"):
            self.network = LlamaModel(shape)
        prefix = "model." if checkpoint.has("model.") else ""
        wanted = {f"{prefix}{name}": tuple(value.shape) for name, value in self.network.state_dict().items()}
        checkpoint.require(wanted)
        residual = float(config.get("scale_depth", 1.0)) / math.sqrt(shape.num_hidden_layers)
        self.network.load_state_dict(
            {
                name: _scaled(name, checkpoint.copied(f"{prefix}{name}"), float(config.get("scale_emb", 1.0)), residual)
                for name in self.network.state_dict()
            },
            assign=True,
        )
        self.network.rotary_emb = type(self.network.rotary_emb)(shape)  # its buffers are not in the file
        self.eval()

    def forward(self, input_ids: Tensor, attention_mask: Tensor, **_: Any) -> Any:
        """`attention_mask` (n, T) is 0 for padding."""
        there = attention_mask[:, None, None, :].bool().expand(-1, 1, input_ids.shape[1], -1)
        return self.network(input_ids=input_ids, attention_mask=there, use_cache=False)


class MiniCpmScorer(nn.Module):
    """The encoder with one number read off its last token. That the released head reads that token is not verified."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.encoder = MiniCpmEncoder(checkpoint)
        checkpoint.require({"score.weight": (1, self.encoder.network.config.hidden_size)})
        self.score = checkpoint.copied("score.weight")

    def forward(self, input_ids: Tensor, attention_mask: Tensor, **_: Any) -> Any:
        hidden = self.encoder(input_ids, attention_mask).last_hidden_state
        last = attention_mask.sum(1) - 1
        return _Logits(hidden[torch.arange(len(hidden)), last] @ self.score.to(hidden.dtype).T)


class _Logits:
    def __init__(self, logits: Tensor) -> None:
        self.logits = logits


_FIELDS = (
    *("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"),
    *("num_key_value_heads", "rms_norm_eps", "rope_theta", "max_position_embeddings", "hidden_act"),
)


def _scaled(name: str, weight: Tensor, embedding: float, residual: float) -> Tensor:
    if name == "embed_tokens.weight":
        return weight * embedding
    return weight * residual if name.endswith(_SCALED) else weight


def _opened(kind: Any, folder: Path) -> Any:
    """In bfloat16 where the file has 16 bits, else in float32."""
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        stored: Mapping[str, Any] = read_json(folder / "config.json")
        half = str(stored.get("torch_dtype") or stored.get("dtype")) in ("float16", "bfloat16")
        return kind.from_pretrained(
            folder, config=config, local_files_only=True, dtype=torch.bfloat16 if half else torch.float32
        ).eval()
    except Exception as error:  # the library passes on the errors of all its readers
        why = _on_one_line(error)
        raise BadInput(f"The model in {folder} cannot be opened without code of its own: {why}") from error


def _on_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
