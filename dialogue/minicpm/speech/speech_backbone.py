"""The parts that the speech decoders of o 2.6 and o 4.5 share: a small Llama, projectors, and filters of logits."""

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
    """Language-model width to the width of the speech decoder."""

    def __init__(self, features_in: int, width: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(features_in, width)
        self.linear2 = nn.Linear(width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.linear2(F.relu(self.linear1(hidden)))


def blank_projector(checkpoint: Checkpoint, prefix: str) -> Projector:
    """A projector without weights, on the meta device."""
    width, features = checkpoint.shape(f"{prefix}linear1.weight")
    with torch.device("meta"):
        return Projector(features, width)


def backbone_config(checkpoint: Checkpoint) -> DecoderConfig:
    """Sizes from the tensors' shapes; heads and the rest from `tts_config`, whose published form omits defaults."""
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
    """The backbone. Its token table is unused, so one row of zeros replaces it."""
    config = backbone_config(checkpoint)
    weights = {name: tensor for name, tensor in checkpoint.under(VOICE).items() if name.startswith("model.")}
    weights["model.embed_tokens.weight"] = torch.zeros(1, config.hidden_size)
    return Decoder(config, weights, precision=precision, device=device)


def weight_normed(tensors: Mapping[str, Tensor], prefix: str) -> Tensor:
    """A weight-normalised matrix, stored as lengths and directions of its rows (arXiv 1602.07868)."""
    length, direction = (tensors[f"{prefix}parametrizations.weight.original{part}"].float() for part in (0, 1))
    return length * F.normalize(direction, dim=-1)


def penalise_repeats(scores: Tensor, recent: Sequence[int], penalty: float) -> Tensor:
    """(V,) with the penalty applied to each recent code as many times as it occurs."""
    if not recent:
        return scores
    counts = torch.bincount(torch.tensor(recent, device=scores.device), minlength=len(scores))
    factor = penalty**counts
    return torch.where(scores < 0, scores * factor, scores / factor)


def filter_top(scores: Tensor, top_p: float, top_k: int, at_least: int = 3) -> Tensor:
    """(..., V): the smallest set that reaches `top_p`, then its `top_k` best; all others at -inf. Keeps `at_least`."""
    ordered, order = scores.sort(dim=-1)
    hidden = ordered.softmax(-1).cumsum(-1) <= 1 - top_p
    hidden[..., -at_least:] = False
    scores = scores.masked_fill(hidden.scatter(-1, order, hidden), -torch.inf)
    last = scores.topk(min(max(top_k, at_least), scores.shape[-1]), dim=-1).values[..., -1:]
    return scores.masked_fill(scores < last, -torch.inf)
