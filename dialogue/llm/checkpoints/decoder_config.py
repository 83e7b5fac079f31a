"""The shape of a Llama-family decoder, read from a model's own configuration.

One record covers Llama 3, SmolLM2, Qwen2 and Qwen3; what tells them apart are three flags (bias on q/k/v, norms on
q and k, a tied head). Knows nothing of weights, tensors or files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from dialogue.errors import BadInput

RopeKind = Literal["default", "linear", "dynamic", "yarn", "longrope", "llama3"]
Family = Literal["llama", "qwen2", "qwen3"]


@dataclass(frozen=True, slots=True)
class RopeConfig:
    """How positions become angles; the fields of transformers' `rope_parameters` under plain names.

    `pretrained_positions` is the context the model was first trained for (`original_max_position_embeddings`).
    """

    theta: float = 10000.0
    kind: RopeKind = "default"
    factor: float = 1.0
    pretrained_positions: int = 0
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    attention_factor: float | None = None
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    mscale: float | None = None
    mscale_all_dim: float | None = None
    truncate: bool = True
    short_factor: tuple[float, ...] = ()
    long_factor: tuple[float, ...] = ()

    @classmethod
    def from_hf(cls, config: Mapping[str, Any]) -> RopeConfig:
        """From a model's config.json, old (`rope_theta`, `rope_scaling`) or new (`rope_parameters`) style."""
        rope = dict(config.get("rope_parameters") or config.get("rope_scaling") or {})
        kind = rope.get("rope_type") or rope.get("type") or "default"
        if kind not in get_args(RopeKind):
            raise BadInput(
                f"Rotary embedding of kind {kind!r} is not known; use a model with one of {get_args(RopeKind)}."
            )
        if float(rope.get("partial_rotary_factor") or config.get("partial_rotary_factor") or 1.0) != 1.0:
            raise BadInput("Models that rotate only a part of each head are not of the Llama family.")
        limit = int(config.get("max_position_embeddings") or 2048)
        pretrained = int(
            config.get("original_max_position_embeddings") or rope.get("original_max_position_embeddings") or limit
        )
        return cls(
            theta=float(rope.get("rope_theta") or config.get("rope_theta") or 10000.0),
            kind=cast(RopeKind, kind),
            factor=float(rope.get("factor") or (limit / pretrained)),
            pretrained_positions=pretrained,
            low_freq_factor=float(rope.get("low_freq_factor", 1.0)),
            high_freq_factor=float(rope.get("high_freq_factor", 4.0)),
            attention_factor=rope.get("attention_factor"),
            beta_fast=float(rope.get("beta_fast") or 32.0),
            beta_slow=float(rope.get("beta_slow") or 1.0),
            mscale=rope.get("mscale"),
            mscale_all_dim=rope.get("mscale_all_dim"),
            truncate=bool(rope.get("truncate", True)),
            short_factor=tuple(rope.get("short_factor", ())),
            long_factor=tuple(rope.get("long_factor", ())),
        )


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """Everything the arithmetic depends on. Counts are per model; `head_dim` is per head."""

    vocab_size: int
    hidden_size: int
    ffn_size: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    norm_eps: float
    max_positions: int
    rope: RopeConfig
    tied_head: bool = False
    qkv_bias: bool = False
    output_bias: bool = False
    mlp_bias: bool = False
    qk_norm: bool = False

    @classmethod
    def from_hf(cls, config: Mapping[str, Any], family: Family | None = None) -> DecoderConfig:
        """From the contents of config.json. `family` overrides `model_type` where a model wraps one of ours.

        Raises BadInput for an architecture outside the Llama family, or one that uses sliding windows.
        """
        family = family or _family_of(config)
        _refuse_the_unusual(config)
        heads = _stated(config, "num_attention_heads")
        hidden = _stated(config, "hidden_size")
        default_head_dim = 128 if family == "qwen3" else hidden // heads
        attention_bias = bool(config.get("attention_bias", False))
        return cls(
            vocab_size=_stated(config, "vocab_size"),
            hidden_size=hidden,
            ffn_size=_stated(config, "intermediate_size"),
            layers=_stated(config, "num_hidden_layers"),
            heads=heads,
            kv_heads=int(config.get("num_key_value_heads") or heads),
            head_dim=int(config.get("head_dim") or default_head_dim),
            norm_eps=float(config.get("rms_norm_eps", 1e-6)),
            max_positions=int(config.get("max_position_embeddings") or 2048),
            rope=RopeConfig.from_hf(config),
            tied_head=bool(config.get("tie_word_embeddings", False)),
            qkv_bias=family == "qwen2" or attention_bias,
            output_bias=family != "qwen2" and attention_bias,
            mlp_bias=family == "llama" and bool(config.get("mlp_bias", False)),
            qk_norm=family == "qwen3",
        )

    @property
    def query_groups(self) -> int:
        """Query heads that share one key/value head."""
        return self.heads // self.kv_heads

    @property
    def parameters(self) -> int:
        """Weights of the model, counted once where the head is tied (norms and biases are left out)."""
        attention = self.hidden_size * self.head_dim * (2 * self.heads + 2 * self.kv_heads)
        mlp = 3 * self.hidden_size * self.ffn_size
        tables = self.vocab_size * self.hidden_size * (1 if self.tied_head else 2)
        return self.layers * (attention + mlp) + tables

    def cache_bytes(self, tokens: int, bytes_per_number: int = 2) -> int:
        """Memory of a key/value cache for `tokens` positions."""
        return tokens * self.layers * 2 * self.kv_heads * self.head_dim * bytes_per_number


def _stated(config: Mapping[str, Any], key: str) -> int:
    try:
        return int(config[key])
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"The model's config.json states no {key}; download it again.") from error


def _family_of(config: Mapping[str, Any]) -> Family:
    kind = str(config.get("model_type", ""))
    if kind in get_args(Family):
        return cast(Family, kind)
    raise BadInput(f"A model of type {kind!r} is not of the Llama family; use a Llama, SmolLM2, Qwen2 or Qwen3 model.")


def _refuse_the_unusual(config: Mapping[str, Any]) -> None:
    if config.get("quantization_config"):
        raise BadInput("This model's weights are quantised already; take the original and choose a precision here.")
    if config.get("use_sliding_window"):
        raise BadInput("Models trained with sliding attention windows are not supported; use one with full attention.")
    if config.get("hidden_act", "silu") != "silu":
        raise BadInput(f"Activation {config['hidden_act']!r} is not of the Llama family, which uses silu.")
