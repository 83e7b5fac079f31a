"""Estimates a language model's memory and decoding speed from its configuration, before it is loaded.

Decoding is bound by reading the weights once a token, so speed is memory bandwidth over bytes, times the measured
share that is reached. Attention over a long context is not included.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dialogue.llm.checkpoints.decoder_config import DecoderConfig
from dialogue.llm.checkpoints.decoder_weights import config_of
from dialogue.llm.checkpoints.gguf_file import GgufFile, GgufTensor
from dialogue.llm.checkpoints.json_file import read_json
from dialogue.llm.decoder_route import route_for, weight_bytes
from dialogue.llm.precision import Quantisation

# English is spoken at about 160 words a minute, 1.3 tokens each; half as much again for attention.
SPOKEN_TOKENS_A_SECOND = 5.0
# Share of the memory bandwidth that decoding reaches; measured with 250 million parameters.
_REACHED_COMPILED, _REACHED_BY_TORCH = 0.9, 0.5
# Float32 copies of the embedding table that loading holds in memory at its peak; measured.
_FLOATS_COMPILED, _FLOATS_QUANTISED, _FLOATS_DENSE = 1.5, 3.0, 1.0


@dataclass(frozen=True, slots=True)
class ModelEstimate:
    """`tokens_per_second` is for one core; `cache_bytes` covers the contexts of all calls."""

    parameters: int
    precision: str
    weights_bytes: float
    cache_bytes: float
    loading_bytes: float
    tokens_per_second: float

    @property
    def bytes(self) -> float:
        """The peak, loading included."""
        return self.weights_bytes + max(self.cache_bytes, self.loading_bytes)

    @property
    def keeps_up(self) -> bool:
        """Whether it decodes faster than its words are spoken."""
        return self.tokens_per_second >= SPOKEN_TOKENS_A_SECOND

    def sentence(self) -> str:
        """One sentence for the user, shown before a long download or load."""
        speed = f"{self.tokens_per_second:.{0 if self.tokens_per_second >= 10 else 1}f}"
        pace = "faster than speech" if self.keeps_up else "slower than speech, so replies will pause"
        return (
            f"{_counted(self.parameters)} parameters at {self.precision} need {self.bytes / 1e9:.1f} GB of memory "
            f"(weights {self.weights_bytes / 1e9:.2f}, contexts {self.cache_bytes / 1e9:.2f}) and should write about "
            f"{speed} tokens a second here: {pace}"
        )


def estimate(
    path: Path,
    quantisation: Quantisation,
    context: int,
    memory_bytes_per_second: float,
    calls: int = 1,
    device: str = "cpu",
) -> ModelEstimate:
    """Estimates a GGUF file, or a folder with at least config.json; each of `calls` has `context` tokens.

    Raises BadInput if the model is not of the Llama family.
    """
    config, stored = _shape_of(path)
    route = route_for(config, quantisation, from_gguf=stored is not None, device=device)
    weights = weight_bytes(config, route, stored)
    numbers = 4 if route.precision == "float32" else 2
    reached = _REACHED_COMPILED if route.library else _REACHED_BY_TORCH
    dense = route.precision in ("float32", "bfloat16")
    floats = _FLOATS_COMPILED if route.library else _FLOATS_DENSE if dense else _FLOATS_QUANTISED
    return ModelEstimate(
        parameters=config.parameters,
        precision=route.label,
        weights_bytes=weights.total,
        cache_bytes=float(calls * config.cache_bytes(min(context, config.max_positions), numbers)),
        loading_bytes=floats * 4.0 * config.vocab_size * config.hidden_size,
        tokens_per_second=reached * memory_bytes_per_second / weights.read_per_token,
    )


def _gpu_speed(device: str) -> float:
    block, best = torch.ones(1 << 26, device=device), float("inf")
    for _ in range(8):
        torch.cuda.synchronize(device)
        began = time.perf_counter()
        block.sum().item()
        best = min(best, time.perf_counter() - began)
    return block.nbytes / best


def _shape_of(path: Path) -> tuple[DecoderConfig, Mapping[str, GgufTensor] | None]:
    if path.is_dir():
        config: dict[str, Any] = read_json(path / "config.json")
        return DecoderConfig.from_hf(config), None
    file = GgufFile(path)
    return config_of(file), file.tensors


def _counted(parameters: int) -> str:
    return f"{parameters / 1e9:.1f} billion" if parameters >= 1e9 else f"{parameters / 1e6:.0f} million"


def memory_speed(device: str = "cpu") -> float:
    """Bytes a second that one CPU thread or the GPU reads: the best of a few tries, about 0.1 s."""
    if device != "cpu":
        return _gpu_speed(device)
    block = np.ones(1 << 24)  # 128 MB: more than most caches hold
    half, best = len(block) // 2, float("inf")
    for _ in range(8):
        began = time.perf_counter()
        np.dot(block[:half], block[half:])  # reads from two places at once with hardly any arithmetic
        best = min(best, time.perf_counter() - began)
    return block.nbytes / best
