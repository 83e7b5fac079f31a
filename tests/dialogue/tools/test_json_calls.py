"""Calls as models of several families write them: read the same whatever the pieces, never spoken."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from dialogue.tools.json_calls import MOST_CHARACTERS, JsonCalls, read_arguments, read_calls

NAMES = ("get_time", "set_timer", "write")
TIME = '{"name": "get_time", "arguments": {"place": "Tokyo"}}'
CALLED: list[tuple[str, dict[str, Any]]] = [("get_time", {"place": "Tokyo"})]
SET_TIMER = '{"name": "set_timer", "arguments": {"minutes": 5}}'
TIMER = ("set_timer", {"minutes": 5})
PERSON = '{"name": "Ann", "age": 30}'

# What a model wrote, what is spoken of it, and its calls.
CASES: list[tuple[str, str, list[tuple[str, dict[str, Any]]]]] = [
    ("Just words, {even} [so] <b>.", "Just words, {even} [so] <b>.", []),
    (f"<tool_call>\n{TIME}\n</tool_call>", "", CALLED),
    (f"Let me look.\n<tool_call>\n{TIME}\n</tool_call>", "Let me look.\n", CALLED),
    (f'<tool_call>\n{TIME}\n</tool_call>\n<tool_call>\n{SET_TIMER}\n</tool_call>',
     "", [*CALLED, TIMER]),
    ('{"name": "get_time", "parameters": {"place": "Tokyo"}}', "", CALLED),
    ('<|python_tag|>{"name": "get_time", "parameters": {"place": "Tokyo"}}<|eom_id|>', "", CALLED),
    ('{"name": "get_time", "parameters": {"place": "Tokyo"}}; {"name": "set_timer", "parameters": {"minutes": 5}}',
     "", [*CALLED, TIMER]),
    (f"```json\n{TIME}\n```", "", CALLED),
    (f"Sure.\n```\n{TIME}\n```", "Sure.\n", CALLED),
    (f"<tools>{TIME}</tools>", "", CALLED),
    (f"[TOOL_CALLS][{TIME}]", "", CALLED),
    (f'[{TIME}, {{"name": "set_timer", "arguments": {{"minutes": 5}}}}]', "", [*CALLED, TIMER]),
    ('{"type": "function", "function": {"name": "get_time", "arguments": "{\\"place\\": \\"Tokyo\\"}"}}', "", CALLED),
    ('<tool_call>\n{"name": "get_time", "arguments": {"place": "Tokyo"}\n</tool_call>', "", CALLED),
    ('<tool_call>{"name": "get_time"}</tool_call>', "", [("get_time", {})]),
    ('<tool_call>{"name": "write", "arguments": {"text": "```</tool_call>``` }"}}</tool_call>', "",
     [("write", {"text": "```</tool_call>``` }"})]),
    (f"Here is a person:\n{PERSON}", f"Here is a person:\n{PERSON}", []),
    (f"```json\n{PERSON}\n```", f"```json\n{PERSON}\n```", []),
    ("```python\nprint('{')\n```", "```python\nprint('{')\n```", []),
    ('{"answer": 42}', '{"answer": 42}', []),
    ("[1, 2] are numbers", "[1, 2] are numbers", []),
    ("A <tool", "A <tool", []),
    ("", "", []),
]  # fmt: skip


@pytest.mark.parametrize(("written", "spoken", "calls"), CASES)
def test_a_reply_is_split_into_words_and_calls_whatever_its_pieces(
    written: str, spoken: str, calls: list[tuple[str, dict[str, Any]]]
) -> None:
    for seed in range(20):
        reading, said, at = JsonCalls(NAMES), "", 0
        pieces = random.Random(seed)
        while at < len(written) and not reading.done:
            size = pieces.randint(1, 12)
            said += reading.push(written[at : at + size])
            assert spoken.startswith(said), "spoken text is never withdrawn"
            at += size
        said += reading.end()
        assert said == spoken
        assert [(call.name, dict(call.arguments)) for call in reading.calls] == calls
        assert not any(call.problem for call in reading.calls)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ('<tool_call>{"name": "get_time", "arguments": {"pl', "not complete JSON"),
        ("<tool_call>get_time()</tool_call>", "not complete JSON"),
        ('<tool_call>{"place": "Tokyo"}</tool_call>', "a name and arguments"),
        ('<tool_call>{"name": "get_time", "arguments": [1]}</tool_call>', "must be a JSON object"),
        ('<tool_call>{"name": "write", "arguments": "{broken"}</tool_call>', "not a JSON object"),
        (f'<tool_call>{{"name": "write", "arguments": {{"text": "{"x" * MOST_CHARACTERS}', "not complete JSON"),
        ("<tool_call>" + "[" * 5000, "not complete JSON"),
    ],
)
def test_a_broken_call_is_a_problem_for_the_model(written: str, says: str) -> None:
    reading = JsonCalls(NAMES)
    assert reading.push(written) + reading.end() == ""
    [call] = reading.calls
    assert says in call.problem


def test_words_after_a_call_end_the_reply() -> None:
    reading = JsonCalls(NAMES)
    assert reading.push(f"<tool_call>{TIME}</tool_call>\n") == "" and not reading.done
    assert reading.push("It is noon.") == "" and reading.done
    assert len(reading.calls) == 1


def test_an_open_call_shows_its_text_once_it_is_certain() -> None:
    reading = JsonCalls(NAMES)
    reading.push('<tool_call>\n{"na')
    assert reading.open == '{"na'
    bare = JsonCalls(NAMES)
    bare.push('{"name": "get')
    assert bare.open is None, "it may still be JSON that the user asked for"
    bare.push('_time",')
    assert bare.open == '{"name": "get_time",'
    bare.push(' "parameters": {}}')
    assert bare.open is None and [call.name for call in bare.calls] == ["get_time"]


def test_only_objects_with_a_name_are_calls() -> None:
    assert read_calls([1]) == read_calls({}) == read_calls({"name": 5}) == read_calls(None) == []
    assert read_calls([json.loads(TIME), 7]) == []


def test_arguments_of_a_server_are_read_or_reported() -> None:
    assert dict(read_arguments("get_time", "").arguments) == {}
    assert dict(read_arguments("get_time", '{"place": "Oslo"}', "c1").arguments) == {"place": "Oslo"}
    assert "not a JSON object" in read_arguments("get_time", "[]").problem
