"""Sentence embeddings with the real weights: equal to the reference's, alone or in a batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from dialogue.memory.sentence_embedding import MOST_TOKENS, WIDTH, SentenceEmbedder

TEXTS = ["My dog is called Biscuit.", "What was my dog's name?", "The train leaves at nine from platform four."]


@pytest.fixture(scope="module")
def folder(weights: Any) -> Path:
    return Path(weights.path("all-minilm-l6-v2"))


@pytest.fixture(scope="module")
def embedder(folder: Path) -> SentenceEmbedder:
    return SentenceEmbedder(folder)


def test_equals_the_reference_model(embedder: SentenceEmbedder, folder: Path) -> None:
    from transformers import BertConfig, BertModel

    model = BertModel(BertConfig.from_json_file(str(folder / "config.json"))).eval()
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    ids = Tokenizer.from_file(str(folder / "tokenizer.json")).encode(TEXTS[0]).ids
    ids = ids[: ids.index(102) + 1]  # the tokenizer's file pads
    with torch.inference_mode():
        mean = model(torch.tensor([ids])).last_hidden_state.mean(1)[0]
    np.testing.assert_allclose(embedder.embed(TEXTS[:1])[0], (mean / mean.norm()).numpy(), atol=1e-5)


def test_a_batch_equals_one_at_a_time(embedder: SentenceEmbedder) -> None:
    one_by_one = np.concatenate([embedder.embed([text]) for text in TEXTS])
    np.testing.assert_allclose(embedder.embed(TEXTS), one_by_one, atol=1e-5)


def test_similar_meanings_have_similar_vectors(embedder: SentenceEmbedder) -> None:
    dog, asked, train = embedder.embed(TEXTS)
    assert asked @ dog > 0.5
    assert asked @ train < 0.2


def test_empty_long_and_unprintable_texts_are_embedded(embedder: SentenceEmbedder) -> None:
    vectors = embedder.embed(["", "word " * 10 * MOST_TOKENS, "\x00\u200b"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert embedder.embed([]).shape == (0, WIDTH)


def test_a_question_uses_one_thread_and_leaves_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder, seen = SentenceEmbedder(folder), list[int]()
    pooled = embedder._pooled

    def watched(texts: Sequence[str]) -> torch.Tensor:
        seen.append(torch.get_num_threads())
        return pooled(texts)

    monkeypatch.setattr(embedder, "_pooled", watched)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        embedder.embed(["What is the code?"])
        assert (seen, torch.get_num_threads()) == ([1], 2)
    finally:
        torch.set_num_threads(before)
