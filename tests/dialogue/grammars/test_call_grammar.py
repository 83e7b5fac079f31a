"""Grammars of calls accept every correct call, in JSON and in Python, and nothing else."""

from __future__ import annotations

from typing import Literal

import llguidance
import pytest

from dialogue.grammars.call_grammar import json_call_grammar, python_call_grammar
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


@pytest.mark.parametrize(
    "block",
    [
        f'\n```python\nweather(city="Oslo")\n```\n{END}',
        f'\n```python\nweather(city="Oslo", days=3, unit="f")\nnow()\n```\n{END}',
        f'\nweather(city="Oslo", unit="f")\n{END}',
    ],
)
def test_calls_in_python_are_accepted(block: str) -> None:
    grammar = python_call_grammar(TOOLS, END)
    assert llguidance.LLMatcher.validate_grammar(grammar) == ""
    assert VOCABULARY.constraint(grammar, block).complete


@pytest.mark.parametrize(
    "block", ["\n```python\nfly(", "\nweather(days=3", "\nweather(city=5", "\nnow(x", "\nimport os"]
)
def test_other_python_is_not_accepted(block: str) -> None:
    assert VOCABULARY.constraint(python_call_grammar(TOOLS, END), block).broken
