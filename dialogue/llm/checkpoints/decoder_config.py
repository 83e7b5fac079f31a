"""Reads the shape of a Llama-family decoder from a model's config.

One record covers Llama 3, SmolLM2, Qwen2 and Qwen3, which differ in three flags: bias on q/k/v, norms on q and k, a
tied head.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from dialogue.errors import BadInput

RopeKind = Literal["default", "linear", "dynamic", "yarn", "longrope", "llama3"]
Family = Literal["llama", "qwen2", "qwen3"]
CHAT_TYPES: tuple[Family, ...] = get_args(Family)  # model types of chat models

# A config beyond these limits is damaged: no published model comes near them.
_LIMITS = {
    "vocab_size": 1 << 24,
    "hidden_size": 1 << 18,
    "ffn_size": 1 << 20,
    "layers": 10_000,
    "heads": 1 << 12,
    "kv_heads": 1 << 12,
    "head_dim": 1 << 10,
    "max_positions": 1 << 30,
}
_MAX_FACTOR = 1e6


@dataclass(frozen=True, slots=True)
class RopeConfig:
    """The parameters of RoPE; the fields of transformers' `rope_parameters` under plain names.

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

    def __post_init__(self) -> None:
        """Raises BadInput for values that give no valid angles."""
        factors = [self.factor, self.low_freq_factor, self.high_freq_factor, self.beta_fast, self.beta_slow]
        factors += [*self.short_factor, *self.long_factor]
        factors += [each for each in (self.attention_factor, self.mscale, self.mscale_all_dim) if each is not None]
        valid = 1 < self.theta <= 1e15 and all(1 / _MAX_FACTOR <= each <= _MAX_FACTOR for each in factors)
        if self.kind == "llama3":
            valid = valid and self.low_freq_factor < self.high_freq_factor
        if self.kind not in ("default", "linear"):
            valid = valid and 1 < self.pretrained_positions <= _LIMITS["max_positions"]
        if not valid:
            raise BadInput("The rotary embedding of this model has numbers that cannot be right; download it again.")

    @classmethod
    def from_hf(cls, config: Mapping[str, Any]) -> RopeConfig:
        """From a model's config.json, in the old (`rope_theta`, `rope_scaling`) or new (`rope_parameters`) style.

        Raises BadInput for an unknown kind and for values that are not numbers.
        """
        try:
            return cls._from_hf(config)
        except (TypeError, ValueError, OverflowError, ZeroDivisionError) as error:
            raise BadInput(f"Rotary embedding in config.json cannot be read ({error}); download it again.") from error

    @classmethod
    def _from_hf(cls, config: Mapping[str, Any]) -> RopeConfig:
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
            attention_factor=_optional(rope.get("attention_factor")),
            beta_fast=float(rope.get("beta_fast") or 32.0),
            beta_slow=float(rope.get("beta_slow") or 1.0),
            mscale=_optional(rope.get("mscale")),
            mscale_all_dim=_optional(rope.get("mscale_all_dim")),
            truncate=bool(rope.get("truncate", True)),
            short_factor=tuple(float(each) for each in rope.get("short_factor") or ()),
            long_factor=tuple(float(each) for each in rope.get("long_factor") or ()),
        )


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """All parameters of the computation. Counts are per model; `head_dim` is per head."""

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

    def __post_init__(self) -> None:
        """Raises BadInput for impossible sizes, before shapes are computed or memory is allocated."""
        for name, limit in _LIMITS.items():
            value = getattr(self, name)
            if not (0 if name == "layers" else 1) <= value <= limit:
                raise BadInput(f"The model's config gives {name} as {value}, which cannot be right; download it again.")
        if self.heads % self.kv_heads or self.head_dim % 2 or not 0 <= self.norm_eps < 1:
            raise BadInput("The model's heads and norms do not fit together; download it again.")
        divisors = (self.rope.short_factor, self.rope.long_factor)
        if self.rope.kind == "longrope" and any(len(each) != self.head_dim // 2 for each in divisors):
            raise BadInput("The model's rotary divisors do not fit its heads; download it again.")
        if self.rope.kind == "dynamic" and self.head_dim == 2:
            raise BadInput("Dynamic rotary scaling needs heads of more than 2 dimensions; download the model again.")

    @property
    def layer_weights(self) -> int:
        """Weights of all layers, without embeddings."""
        attention = 2 * self.hidden_size * self.head_dim * (self.heads + self.kv_heads)
        return self.layers * (attention + 3 * self.hidden_size * self.ffn_size)

    @classmethod
    def from_hf(cls, config: Mapping[str, Any], family: Family | None = None) -> DecoderConfig:
        """From the contents of config.json. `family` overrides `model_type` for a model that wraps a known decoder.

        Raises BadInput for an architecture outside the Llama family, or with sliding window attention.
        """
        family = family or _family_of(config)
        _check_supported(config)
        heads = _stated(config, "num_attention_heads")
        hidden = _stated(config, "hidden_size")
        default_head_dim = 128 if family == "qwen3" else hidden // max(heads, 1)
        attention_bias = bool(config.get("attention_bias", False))
        return cls(
            vocab_size=_stated(config, "vocab_size"),
            hidden_size=hidden,
            ffn_size=_stated(config, "intermediate_size"),
            layers=_stated(config, "num_hidden_layers"),
            heads=heads,
            kv_heads=_stated(config, "num_key_value_heads", heads),
            head_dim=_stated(config, "head_dim", default_head_dim),
            norm_eps=_epsilon(config),
            max_positions=_stated(config, "max_position_embeddings", 2048),
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
        """The number of weights, without norms and biases; a tied head counts once."""
        attention = self.hidden_size * self.head_dim * (2 * self.heads + 2 * self.kv_heads)
        mlp = 3 * self.hidden_size * self.ffn_size
        tables = self.vocab_size * self.hidden_size * (1 if self.tied_head else 2)
        return self.layers * (attention + mlp) + tables

    def cache_bytes(self, tokens: int, bytes_per_number: int = 2) -> int:
        """The size of a KV cache for `tokens` positions."""
        return tokens * self.layers * 2 * self.kv_heads * self.head_dim * bytes_per_number


def _stated(config: Mapping[str, Any], key: str, default: int | None = None) -> int:
    value = config.get(key) or default
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise BadInput(f"The model's config.json states no {key} that could be used; download it again.")
    return value


def _epsilon(config: Mapping[str, Any]) -> float:
    value = config.get("rms_norm_eps", 1e-6)
    if type(value) not in (int, float) or not 0 <= value < 1:
        raise BadInput("The model's config.json states no rms_norm_eps that could be used; download it again.")
    return float(value)


def _optional(value: Any) -> float | None:
    return None if value is None else float(value)


def _family_of(config: Mapping[str, Any]) -> Family:
    kind = str(config.get("model_type", ""))
    if kind in CHAT_TYPES:
        return kind
    raise BadInput(f"A model of type {kind!r} is not of the Llama family; use a Llama, SmolLM2, Qwen2 or Qwen3 model.")


def _check_supported(config: Mapping[str, Any]) -> None:
    if config.get("quantization_config"):
        raise BadInput("This model's weights are quantised already; use the original and choose a precision here.")
    if config.get("use_sliding_window"):
        raise BadInput("Models trained with sliding attention windows are not supported; use one with full attention.")
    if config.get("hidden_act", "silu") != "silu":
        raise BadInput(f"Activation {config['hidden_act']!r} is not of the Llama family, which uses silu.")
