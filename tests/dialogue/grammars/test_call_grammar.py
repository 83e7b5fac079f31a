"""Grammars of calls accept every correct call, in JSON and in Python, and nothing else."""

from __future__ import annotations

from typing import Literal

import pytest

from dialogue.grammars.call_grammar import json_call_grammar
from dialogue.grammars.constraint import GrammarVocabulary
from dialogue.tools.tool import Tool
from tests.dialogue.chat_templates import byte_tokenizer

END = "<|call_end|>"


def weather(city: str, days: int = 1, unit: Literal["c", "f"] = "c") -> str:
    """How the weather will be."""
    return f"{city} {days} {unit}"


def now() -> str:
    """The time."""
    return "noon"


def odd(value: str) -> str:
    return value


ODD = Tool("odd", "A schema that the library does not know.", {"type": "object", "properties": {"x": {"not": {}}}}, odd)
TOOLS = [Tool.of(weather), Tool.of(now), ODD]
VOCABULARY = GrammarVocabulary(byte_tokenizer(), [0])


@pytest.mark.parametrize(
    "call",
    [
        '{"name": "weather", "arguments": {"city": "Oslo"}}',
        '\n{"name": "weather", "arguments": {"city": "Oslo", "days": 3, "unit": "f"}}',
        '{"name":"now","arguments":{}}',
        '{"name": "odd", "arguments": {"x": 5}}',
    ],
)
def test_calls_in_json_are_accepted(call: str) -> None:
    constraint = VOCABULARY.constraint(json_call_grammar(TOOLS, "arguments"), call)
    assert constraint.complete


@pytest.mark.parametrize(
    "call",
    [
        '{"name": "fly"',
        '{"name": "weather", "arguments": {"days"',
        '{"name": "weather", "arguments": {"city": 5',
        '{"name": "weather", "arguments": {"city": "Oslo", "unit": "k"',
        '{"name": "weather", "arguments": {"city": "Oslo", "wind"',
        '{"name": "now", "parameters"',
    ],
)
def test_other_json_is_not_accepted(call: str) -> None:
    assert VOCABULARY.constraint(json_call_grammar(TOOLS, "arguments"), call).broken


def test_the_arguments_have_the_name_of_the_format() -> None:
    assert VOCABULARY.constraint(json_call_grammar(TOOLS, "parameters"), '{"name": "now", "parameters": {}}').complete
