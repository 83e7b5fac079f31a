"""What a language model will need and how fast it will speak, before it is loaded: from its configuration alone.

A token of a decoder is bound by reading its weights once, so speed is memory speed over bytes. An estimate of the
best case: attention over a long context comes on top.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dialogue.decoder_config import DecoderConfig
from dialogue.decoder_weights import config_of, read_json
from dialogue.gguf_file import GgufFile
from dialogue.language_model import Quantisation

# Groups of 32 weights with a scale (8 bits) or a scale and a minimum (4 bits); see native/model.h.
_BYTES_A_WEIGHT = {"float32": 4.0, "bfloat16": 2.0, "int8": 34 / 32, "int4": 20 / 32}


@dataclass(frozen=True, slots=True)
class Estimate:
    """`tokens_per_second` is what one core's memory allows; the rest is bytes."""

    weights_bytes: float
    cache_bytes: float
    tokens_per_second: float

    def sentence(self) -> str:
        """For the user, before a long wait."""
        size = (self.weights_bytes + self.cache_bytes) / 1e9
        return f"needs about {size:.1f} GB of memory and will say about {self.tokens_per_second:.0f} tokens a second"


def estimate(path: Path, quantisation: Quantisation, context: int, memory_bytes_per_second: float) -> Estimate:
    """For a GGUF file, or a folder of which only config.json need be there.

    Raises BadInput where the model is not of the Llama family.
    """
    if path.is_dir():
        config = DecoderConfig.from_hf(read_json(path / "config.json"))
        weights = _stored_bytes(config, "int8" if quantisation == "auto" else quantisation)
    else:
        file = GgufFile(path)
        config = config_of(file)
        as_stored = float(sum(tensor.rows.nbytes for tensor in file.tensors.values()))
        weights = as_stored if quantisation == "auto" else _stored_bytes(config, quantisation)
    table = config.vocab_size * config.hidden_size
    looked_up = 0.0 if config.tied_head else weights * table / config.parameters  # one row of it a token
    return Estimate(
        weights_bytes=weights,
        cache_bytes=float(config.cache_bytes(context)),
        tokens_per_second=memory_bytes_per_second / (weights - looked_up),
    )


def memory_speed() -> float:
    """Bytes a second that one thread reads here: the best of a few tries, about 50 ms."""
    block = np.ones(1 << 23)  # 64 MB: more than most caches hold
    best = float("inf")
    for _ in range(4):
        began = time.perf_counter()
        block.sum()
        best = min(best, time.perf_counter() - began)
    return block.nbytes / best


def _stored_bytes(config: DecoderConfig, quantisation: str) -> float:
    tables = config.vocab_size * config.hidden_size * (1 if config.tied_head else 2)
    layers = config.parameters - tables
    # The tables keep 8 bits where the layers have 4.
    coarsest = "int8" if quantisation == "int4" else quantisation
    return layers * _BYTES_A_WEIGHT[quantisation] + tables * _BYTES_A_WEIGHT[coarsest]
