"""Embeds with any sentence-embedding model in a folder, and reranks with any cross-encoder.

What a sentence-embedding model does with its tokens is in the files of sentence-transformers beside it: the pooling,
the longest text, and what is written before a question or a passage. Loaded at first use; blocks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.json_file import read_json
from dialogue.memory.sentence_embedding import one_thread
from dialogue.retrieval.encoder import is_minicpm, open_classifier, open_encoder, open_words

BATCH = 8
MOST_TOKENS = 512  # where the files do not say
_KNOWN = ("Transformer", "Pooling", "Normalize")
_POOLINGS = {
    "pooling_mode_cls_token": "first",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_weightedmean_tokens": "weighted",
    "pooling_mode_lasttoken": "last",
}
QUERY = "Query: "  # what MiniCPM-Embedding and MiniCPM-Reranker read before a question without an instruction
UNRELATED = (
    "The baker sells bread.",
    "Interest is paid in March.",
    "A whale sings under water.",
    "Turn the screw to the left.",
    "Her uncle plays the violin.",
)


class HubEmbedder:
    """`passages` and `question` may be called from any one thread at a time."""

    def __init__(self, folder: Path) -> None:
        """Reads its small files alone. Raises BadInput for what is not supported."""
        self._folder = folder
        self._pooling = _pooling(folder)
        self._query, self._passage = _prompts(folder)
        longest = _side_file(folder, "sentence_bert_config.json").get("max_seq_length")
        self._most = int(longest) if longest else MOST_TOKENS

    @property
    def width(self) -> int:
        """The length of the vectors."""
        return int(read_json(self._folder / "config.json")["hidden_size"])

    @cached_property
    def unrelated(self) -> float:
        """The mean cosine of sentences that have nothing to do with one another."""
        vectors = self.passages(UNRELATED)
        alike = vectors @ vectors.T
        count = len(UNRELATED)
        return float(max(0.0, (alike.sum() - count) / (count * (count - 1))))

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, width) float32 of length one."""
        return self._embedded([f"{self._passage}{text}" for text in texts])

    def question(self, texts: Sequence[str]) -> NDArray[np.float32]:
        with one_thread():
            return self._embedded([f"{self._query}{text}" for text in texts])

    @cached_property
    def _network(self) -> torch.nn.Module:
        return open_encoder(self._folder)

    @cached_property
    def _words(self) -> Any:
        return open_words(self._folder)

    @torch.inference_mode()
    def _embedded(self, texts: Sequence[str]) -> NDArray[np.float32]:
        pooled = [np.zeros((0, self.width), np.float32)]
        for start in range(0, len(texts), BATCH):
            read = self._words(
                list(texts[start : start + BATCH]),
                padding=True,
                truncation=True,
                max_length=self._most,
                return_tensors="pt",
            )
            hidden = self._network(**read).last_hidden_state.float()
            pooled.append(functional.normalize(pool(hidden, read["attention_mask"], self._pooling), dim=-1).numpy())
        return np.concatenate(pooled)


class CrossEncoder:
    """Scores how well texts answer a question; may be called from any one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._minicpm = folder, is_minicpm(folder)

    @torch.inference_mode()
    def __call__(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n,), 0 .. 1."""
        scores = [np.zeros(0, np.float32)]
        for start in range(0, len(texts), BATCH):
            logits = self._network(**self._read(question, texts[start : start + BATCH])).logits.float()
            right = logits.softmax(-1)[:, 1] if logits.shape[1] == 2 else logits[:, 0].sigmoid()
            scores.append(right.numpy())
        return np.concatenate(scores)

    @cached_property
    def _network(self) -> torch.nn.Module:
        return open_classifier(self._folder)

    @cached_property
    def _words(self) -> Any:
        return open_words(self._folder)

    def _read(self, question: str, texts: Sequence[str]) -> Any:
        form: dict[str, Any] = {"padding": True, "max_length": MOST_TOKENS, "return_tensors": "pt"}
        if self._minicpm:
            begin, end = self._words.bos_token or "", self._words.eos_token or ""
            whole = [f"{begin}{QUERY}{question}{end}{text}" for text in texts]
            return self._words(whole, truncation=True, add_special_tokens=False, **form)
        return self._words([question] * len(texts), list(texts), truncation="longest_first", **form)


def pool(hidden: Tensor, mask: Tensor, pooling: str) -> Tensor:
    """One vector (n, width) of the tokens (n, T, width); `mask` (n, T) is 0 for padding, on the right. "weighted"
    counts later tokens more, by their position (SGPT, arXiv 2202.08904)."""
    if pooling == "first":
        return hidden[:, 0]
    if pooling == "last":
        return hidden[torch.arange(len(hidden)), mask.sum(1) - 1]
    weights = (mask.cumsum(1) * mask if pooling == "weighted" else mask)[..., None].to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1)


def _pooling(folder: Path) -> str:
    if is_minicpm(folder):
        return "weighted"
    modules = folder / "modules.json"
    kinds = [str(each["type"]).rpartition(".")[2] for each in _listed(modules)] if modules.is_file() else []
    if other := [kind for kind in kinds if kind not in _KNOWN]:
        raise BadInput(f"The embedder in {folder} ends with {', '.join(other)}, which is not supported.")
    said = _side_file(folder / "1_Pooling", "config.json")
    chosen = [name for key, name in _POOLINGS.items() if said.get(key)]
    if len(chosen) > 1 or (said and not chosen):
        raise BadInput(f"The pooling of the embedder in {folder} is not supported.")
    return chosen[0] if chosen else "mean"


def _prompts(folder: Path) -> tuple[str, str]:
    """What is written before a question, and before a passage."""
    if is_minicpm(folder):
        return QUERY, ""
    prompts = _side_file(folder, "config_sentence_transformers.json").get("prompts") or {}
    passage = prompts.get("document") or prompts.get("passage") or ""
    return str(prompts.get("query") or ""), str(passage)


def _side_file(folder: Path, name: str) -> dict[str, Any]:
    return read_json(folder / name) if (folder / name).is_file() else {}


def _listed(path: Path) -> list[dict[str, Any]]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as odd:
        raise BadInput(f"{path} cannot be read; download the model again.") from odd
    return value if isinstance(value, list) else []
