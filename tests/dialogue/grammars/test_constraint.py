"""Masks of allowed tokens: JSON that fits its schema whatever a model prefers; GGUF and SentencePiece vocabularies."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import torch
from jsonschema import validate
from tokenizers import Tokenizer

from dialogue.errors import BadInput
from dialogue.grammars.constraint import Constraint, GrammarVocabulary, json_grammar
from tests.dialogue.chat_templates import byte_tokenizer, space_tokenizer

RECEIPT = {
    "type": "object",
    "properties": {
        "total": {"type": "number"},
        "date": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        "paid": {"enum": ["cash", "card"]},
        "items": {"type": "array", "items": {"type": "string", "maxLength": 8}, "maxItems": 3},
    },
    "required": ["total", "date", "paid"],
    "additionalProperties": False,
}


def written(tokenizer: Tokenizer, constraint: Constraint, seed: int, most: int = 2000) -> str:
    """What a model writes that likes tokens at random, and short numbers and strings."""
    order, ids = random.Random(seed), list[int]()
    endings = {token for text in ('"', "}", "]", ",") for token in tokenizer.encode(text, add_special_tokens=False).ids}
    size = tokenizer.get_vocab_size()
    while not constraint.complete and len(ids) < most:
        logits = torch.tensor([order.gauss(6 if token in endings else 0, 1) for token in range(size)])
        token = int(constraint(logits).argmax())
        ids.append(token)
        constraint.accept(token)
    return str(tokenizer.decode(ids, skip_special_tokens=False))


@pytest.mark.parametrize("tokenizer", [byte_tokenizer(), space_tokenizer()], ids=["bytes", "spaces"])
@pytest.mark.parametrize("seed", range(3))
def test_whatever_a_model_prefers_its_json_fits_the_schema(tokenizer: Tokenizer, seed: int) -> None:
    vocabulary = GrammarVocabulary(tokenizer, [tokenizer.get_vocab()["<|im_end|>"]])
    value = json.loads(written(tokenizer, vocabulary.constraint(json_grammar(RECEIPT)), seed))
    validate(value, RECEIPT)


def test_a_constraint_continues_what_was_written() -> None:
    tokenizer = byte_tokenizer()
    vocabulary = GrammarVocabulary(tokenizer, [0])
    grammar = json_grammar({"type": "object", "properties": {"a": {"const": "yes"}}, "required": ["a"]})
    constraint = vocabulary.constraint(grammar, '{"a": "y')
    assert not constraint.broken
    allowed = constraint(torch.zeros(tokenizer.get_vocab_size())).isfinite().nonzero()[:, 0].tolist()
    assert {tokenizer.decode([token]) for token in allowed} == {"e"}
    assert vocabulary.constraint(grammar, '{"b').broken
    untouched = torch.zeros(tokenizer.get_vocab_size())
    assert vocabulary.constraint(grammar, '{"b')(untouched) is untouched, "a text outside of the grammar is let go"


def test_two_constraints_of_one_grammar_are_independent() -> None:
    vocabulary = GrammarVocabulary(byte_tokenizer(), [0])
    grammar = json_grammar({"type": "object"})
    first, second = vocabulary.constraint(grammar, "{}"), vocabulary.constraint(grammar)
    assert first.complete and not second.complete


def test_logits_beyond_the_vocabulary_are_never_allowed() -> None:
    tokenizer = byte_tokenizer()
    constraint = GrammarVocabulary(tokenizer, [0]).constraint(json_grammar({"type": "object"}))
    logits = constraint(torch.zeros(tokenizer.get_vocab_size() + 100))
    assert not logits[tokenizer.get_vocab_size() :].isfinite().any()


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"$ref": "http://127.0.0.1:1/x.json"}, {"minLength": -1}])
def test_a_schema_that_cannot_be_used_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="cannot be used"):
        json_grammar(schema)
