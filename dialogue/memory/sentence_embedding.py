"""Embeds sentences as vectors whose direction is their meaning: MiniLM (a six-layer BERT) in plain torch.

Reads the weights from a given folder at first use. Written out because forty lines load in a tenth of a second,
while the library that has this model takes seconds to import.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

WIDTH, HEADS, LAYERS = 384, 12, 6
_EPSILON = 1e-12
# The model was trained on short texts; later tokens of a long one add little.
MOST_TOKENS = 128
_BATCH = 32
FEW = 2  # texts


@contextmanager
def one_thread() -> Iterator[None]:
    """Products on the calling thread use no other one: on a busy machine each of the hundred small products of a short
    text waits until both cores are free."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class SentenceEmbedder:
    """`embed` may be called from any one thread at a time; the weights never change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._weights: dict[str, Tensor] = {}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, 384) float32 of length one, so that the dot product of two is their similarity.

        Blocking: some milliseconds a sentence. Raises OSError if the weights cannot be read.
        """
        if not texts:
            return np.zeros((0, WIDTH), np.float32)
        if not self._weights:
            self._open()
        if len(texts) <= FEW:
            with one_thread():
                return self._embedded_all(texts)
        return self._embedded_all(texts)

    def _embedded_all(self, texts: Sequence[str]) -> NDArray[np.float32]:
        batches = [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)]
        with torch.inference_mode():
            return torch.cat([self._pooled(batch) for batch in batches]).numpy()

    def _open(self) -> None:
        self._tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.enable_padding()
        self._weights = load_file(self._folder / "model.safetensors")

    def _pooled(self, texts: Sequence[str]) -> Tensor:
        read = self._tokenizer.encode_batch(list(texts))
        ids = torch.tensor([one.ids for one in read])
        there = torch.tensor([one.attention_mask for one in read], dtype=torch.bool)
        hidden = self._norm("embeddings.LayerNorm", self._embedded(ids))
        for layer in range(LAYERS):
            hidden = self._layer(f"encoder.layer.{layer}", hidden, there[:, None, None, :])
        mean = (hidden * there[..., None]).sum(1) / there.sum(1, keepdim=True)
        return functional.normalize(mean, dim=-1)

    def _embedded(self, ids: Tensor) -> Tensor:
        words, positions, kinds = (
            self._weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
        )
        return words[ids] + positions[: ids.shape[1]] + kinds[0]

    def _layer(self, name: str, hidden: Tensor, there: Tensor) -> Tensor:
        query, key, value = (
            self._linear(f"{name}.attention.self.{part}", hidden).unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=there).transpose(1, 2).flatten(2)
        mixed = self._linear(f"{name}.attention.output.dense", mixed)
        hidden = self._norm(f"{name}.attention.output.LayerNorm", hidden + mixed)
        wide = functional.gelu(self._linear(f"{name}.intermediate.dense", hidden))
        return self._norm(f"{name}.output.LayerNorm", hidden + self._linear(f"{name}.output.dense", wide))

    def _linear(self, name: str, hidden: Tensor) -> Tensor:
        return functional.linear(hidden, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, name: str, hidden: Tensor) -> Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return functional.layer_norm(hidden, (WIDTH,), weight, bias, _EPSILON)
