"""What the voices of o 2.6 and o 4.5 have in common: a small Llama, projectors, and how the next code is narrowed
down. Knows neither how text reaches the voice nor what the codes mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.decoder_config import DecoderConfig
from dialogue.llm.decoder import Decoder
from dialogue.llm.precision import Precision

VOICE = "tts."


class Projector(nn.Module):
    """Language-model width to the voice's."""

    def __init__(self, features_in: int, width: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(features_in, width)
        self.linear2 = nn.Linear(width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.linear2(F.relu(self.linear1(hidden)))


def blank_projector(checkpoint: Checkpoint, prefix: str) -> Projector:
    """Without weights."""
    width, features = checkpoint.shape(f"{prefix}linear1.weight")
    with torch.device("meta"):
        return Projector(features, width)


def backbone_config(checkpoint: Checkpoint) -> DecoderConfig:
    """Sizes from the file; heads and the rest from `tts_config`, whose published form leaves usual values out."""
    fields: Mapping[str, Any] = checkpoint.config["tts_config"]
    width = checkpoint.shape(f"{VOICE}model.norm.weight")[0]
    shape = {
        "num_attention_heads": fields.get("num_attention_heads", 12),
        "num_key_value_heads": fields.get("num_key_value_heads") or fields.get("num_attention_heads", 12),
        "max_position_embeddings": fields.get("max_position_embeddings", 4096),
        "rms_norm_eps": fields.get("rms_norm_eps", 1e-6),
        "rope_theta": fields.get("rope_theta", 10000.0),
        "hidden_size": width,
        "intermediate_size": checkpoint.shape(f"{VOICE}model.layers.0.mlp.gate_proj.weight")[0],
        "num_hidden_layers": checkpoint.layers(f"{VOICE}model.layers."),
        "vocab_size": 1,
        "tie_word_embeddings": True,
    }
    return DecoderConfig.from_hf(shape, "llama")


def backbone_of(checkpoint: Checkpoint, precision: Precision, device: str) -> Decoder:
    """Its token table is a leftover that is never read: one row of zeros will do."""
    config = backbone_config(checkpoint)
    weights = {name: tensor for name, tensor in checkpoint.under(VOICE).items() if name.startswith("model.")}
    weights["model.embed_tokens.weight"] = torch.zeros(1, config.hidden_size)
    return Decoder(config, weights, precision=precision, device=device)


def weight_normed(tensors: Mapping[str, Tensor], prefix: str) -> Tensor:
    """A matrix stored as lengths and directions of its rows (arXiv 1602.07868)."""
    length, direction = (tensors[f"{prefix}parametrizations.weight.original{part}"].float() for part in (0, 1))
    return length * F.normalize(direction, dim=-1)


def penalised(scores: Tensor, recent: Sequence[int], penalty: float) -> Tensor:
    """(V,) with codes that were used lately made less likely, as often as they were used."""
    if not recent:
        return scores
    counts = torch.bincount(torch.tensor(recent, device=scores.device), minlength=len(scores))
    factor = penalty**counts
    return torch.where(scores < 0, scores * factor, scores / factor)


def narrowed(scores: Tensor, top_p: float, top_k: int, at_least: int = 3) -> Tensor:
    """(..., V): the smallest set that reaches `top_p`, then the `top_k` best of it; all others at -inf."""
    ordered, order = scores.sort(dim=-1)
    hidden = ordered.softmax(-1).cumsum(-1) <= 1 - top_p
    hidden[..., -at_least:] = False
    scores = scores.masked_fill(hidden.scatter(-1, order, hidden), -torch.inf)
    last = scores.topk(min(max(top_k, at_least), scores.shape[-1]), dim=-1).values[..., -1:]
    return scores.masked_fill(scores < last, -torch.inf)
