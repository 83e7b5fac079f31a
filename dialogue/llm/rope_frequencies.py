"""Angular frequency of each rotary pair, for every scaling rule the Llama family uses.

Numbers only: no positions, no tensors of a model. The rules are those of transformers' `modeling_rope_utils`
(linear: kaiokendev; dynamic NTK: bloc97, emozilla; YaRN: arXiv 2309.00071; LongRoPE: arXiv 2402.13753; llama3: Meta's
reference code), which the parity tests hold against them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from dialogue.llm.checkpoints.decoder_config import RopeConfig


def frequencies(rope: RopeConfig, head_dim: int, context: int) -> tuple[Tensor, float]:
    """Frequencies in radians per position, float32 (head_dim / 2,), and the factor on cos and sin.

    `context` is the longest context that will be served: rules that depend on the present length (dynamic,
    longrope) are settled by it once, because keys that are already rotated must stay comparable.
    """
    if rope.kind == "dynamic":
        return _plain(_dynamic_theta(rope, head_dim, context), head_dim), 1.0
    plain = _plain(rope.theta, head_dim)
    if rope.kind == "linear":
        return plain / rope.factor, 1.0
    if rope.kind == "llama3":
        return _llama3(rope, plain), 1.0
    if rope.kind == "yarn":
        return _yarn(rope, head_dim), _yarn_attention_factor(rope)
    if rope.kind == "longrope":
        return _longrope(rope, plain, context), _longrope_attention_factor(rope)
    return plain, 1.0


def _plain(theta: float, head_dim: int) -> Tensor:
    return 1.0 / theta ** (torch.arange(0, head_dim, 2, dtype=torch.float32) / head_dim)


def _dynamic_theta(rope: RopeConfig, head_dim: int, context: int) -> float:
    # Up to the trained length the exponentiated term is exactly 1 and nothing is scaled.
    length = max(context, rope.pretrained_positions) / rope.pretrained_positions
    stretch: float = (rope.factor * length - (rope.factor - 1)) ** (head_dim / (head_dim - 2))
    return rope.theta * stretch


def _llama3(rope: RopeConfig, plain: Tensor) -> Tensor:
    wavelength = 2 * math.pi / plain
    low, high = rope.low_freq_factor, rope.high_freq_factor
    blend = ((rope.pretrained_positions / wavelength - low) / (high - low)).clamp(0, 1)
    return (1 - blend) * plain / rope.factor + blend * plain


def _yarn(rope: RopeConfig, head_dim: int) -> Tensor:
    def dimension_turning(times: float) -> float:
        turns = rope.pretrained_positions / (times * 2 * math.pi)
        return head_dim * math.log(turns) / (2 * math.log(rope.theta))

    low, high = dimension_turning(rope.beta_fast), dimension_turning(rope.beta_slow)
    if rope.truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, head_dim - 1)
    ramp = (torch.arange(head_dim // 2, dtype=torch.float32) - low) / max(high - low, 0.001)
    interpolated = ramp.clamp(0, 1)
    plain = _plain(rope.theta, head_dim)
    return plain / rope.factor * interpolated + plain * (1 - interpolated)


def _yarn_attention_factor(rope: RopeConfig) -> float:
    if rope.attention_factor is not None:
        return rope.attention_factor

    def magnitude(scale: float) -> float:
        return 0.1 * scale * math.log(rope.factor) + 1.0 if rope.factor > 1 else 1.0

    if rope.mscale and rope.mscale_all_dim:
        return magnitude(rope.mscale) / magnitude(rope.mscale_all_dim)
    return magnitude(1.0)


def _longrope(rope: RopeConfig, plain: Tensor, context: int) -> Tensor:
    chosen = rope.long_factor if context > rope.pretrained_positions else rope.short_factor
    return plain / torch.tensor(chosen, dtype=torch.float32)


def _longrope_attention_factor(rope: RopeConfig) -> float:
    if rope.attention_factor is not None:
        return rope.attention_factor
    if rope.factor <= 1.0:
        return 1.0
    return math.sqrt(1 + math.log(rope.factor) / math.log(rope.pretrained_positions))
