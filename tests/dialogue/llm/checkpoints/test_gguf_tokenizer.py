"""A tokenizer built from GGUF metadata splits text where the model's own does."""

from __future__ import annotations

from typing import Any

import pytest
from tokenizers.pre_tokenizers import ByteLevel
from transformers import Qwen2Tokenizer

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.gguf_tokenizer import tokenizer_of

TEXTS = (
    "Hello world, it's 12:30 — isn't IT?",
    "  two  spaces\n\n\nand\ttabs \r\n end ",
    "Äpfel, 你好, 🙂! e\u0301",
    "x=3.14159;y2 = x**2  # 1234567",
)


def metadata(rule: str, **changes: Any) -> dict[str, Any]:
    """A file whose vocabulary is the 256 bytes, two merges and a control token."""
    tokens = [*sorted(ByteLevel.alphabet()), "he", "hel", "<|end|>"]
    fields = {
        "model": "gpt2",
        "pre": rule,
        "tokens": tokens,
        "merges": ["h e", "he l"],
        "token_type": [1] * (len(tokens) - 1) + [3],
    }
    return {f"tokenizer.ggml.{key}": value for key, value in (fields | changes).items()}


def pieces(text: str, rule: str) -> list[str]:
    splitter = tokenizer_of(metadata(rule)).pre_tokenizer
    assert splitter is not None
    return [piece for piece, _ in splitter.pre_tokenize_str(text)]


@pytest.mark.parametrize("text", TEXTS)
def test_qwen_is_split_as_by_transformers(text: str) -> None:
    theirs = Qwen2Tokenizer(vocab={"a": 0, "<|endoftext|>": 1}, merges=[]).backend_tokenizer
    assert pieces(text, "qwen2") == [piece for piece, _ in theirs.pre_tokenizer.pre_tokenize_str(text)]


def test_rules_differ_in_how_they_count() -> None:
    assert pieces("in 12345", "llama-bpe") == ["in", "Ġ", "123", "45"]
    assert pieces("in 12345", "qwen2") == ["in", "Ġ", "1", "2", "3", "4", "5"]
    assert pieces("in 12345", "smollm") == ["in", "Ġ", "1", "2", "3", "4", "5"]
    assert pieces("in 12345", "gpt-2") == ["in", "Ġ12345"]


@pytest.mark.parametrize("rule", ["smollm", "qwen2", "llama-bpe", "default"])
@pytest.mark.parametrize("text", TEXTS[:2] + TEXTS[3:])
def test_text_comes_back_whole(rule: str, text: str) -> None:
    tokenizer = tokenizer_of(metadata(rule))
    ids = tokenizer.encode(f"{text}<|end|>hello").ids
    assert tokenizer.decode(ids, skip_special_tokens=False) == f"{text}<|end|>hello"
    assert tokenizer.decode(ids) == f"{text}hello"
    assert tokenizer.token_to_id("hel") in ids


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"model": "llama"}, "not byte-level BPE"), ({"pre": "tekken"}, "splitting rule 'tekken' .* not known")],
)
def test_unknown_tokenizers_are_refused_in_a_sentence(changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        tokenizer_of(metadata("default") | {f"tokenizer.ggml.{key}": value for key, value in changes.items()})
