"""Reads the calls that a model writes as JSON, while they are generated: no JSON of a call is spoken.

Models write `{"name": ..., "arguments": {...}}` (Qwen, Hermes) or "parameters" (Llama 3), between marks, in a fence, in
a list, or bare; all forms are read, since a model does not always keep to its own. JSON in a fence or without a mark is
a call only if it names a tool: a user may have asked for JSON. The outcome does not depend on how the text is cut into
pieces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from dialogue.tools.function_call import FunctionCall

MOST_CHARACTERS = 8_000  # of one call
_MARKS = ("<tool_call>", "<tools>", "<|python_tag|>", "[TOOL_CALLS]")
_FENCES = ("```json", "```")
_CLOSINGS = ("</tool_call>", "</tools>", "<|eom_id|>", "```")
# A call begins with a mark, or with JSON at the start of a line.
_START = re.compile("|".join(map(re.escape, _MARKS)) + r"|(?:^|(?<=\n))[ \t]*(?=```|\{|\[)")
_NEXT = re.compile(r"\s*(?=```(?:json)?\s*[\[{]|\{|\[)")  # directly after a call
_CLOSED = re.compile(r"\s*(?:</tool_call>|</tools>|<\|eom_id\|>|```(?!json)|[;,](?=\s*[\[{<]))")
_SEPARATOR = re.compile(r"\s*[;,]?\s*")
_FENCE = re.compile(r"\s*(?:```(?:json)?)?\s*")
# What a call without a mark begins with, white space left out.
_BEGINNINGS = tuple(f'{opening}"{key}":' for opening in ("{", "[{") for key in ("name", "function", "type"))
_NAME = re.compile(r'"name"\s*:\s*"([^"\\]*)"')
_STRING = re.compile(r'"(?:[^"\\]|\\.)*(?:"|$)', re.DOTALL)
_MISSING = ("}", "}}", "]}")  # brackets that models leave out before the mark that ends a call
_NO_CALL = "A call is a JSON object with a name and arguments."
_DECODER = json.JSONDecoder()


@dataclass(slots=True)
class _Reading:
    """What a text holds: words to speak, calls, the call that is still being written."""

    said: str = ""
    calls: list[FunctionCall] = field(default_factory=list)
    open: str | None = None
    done: bool = False


class JsonCalls:
    """One reply. `calls` are those read so far; `done` once words follow a call: they were written without its result.

    `open` is the text of the call that is being written, from its JSON on, as soon as it is certain that it is one.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self.written = ""  # all text, with calls
        self.said = ""
        self._reading = _Reading()

    @property
    def calls(self) -> list[FunctionCall]:
        return self._reading.calls

    @property
    def open(self) -> str | None:
        return self._reading.open

    @property
    def done(self) -> bool:
        return self._reading.done

    def push(self, text: str) -> str:
        """Add text; returns the new text to speak."""
        self.written += text
        return self._read(ended=False)

    def end(self) -> str:
        """The reply is complete; returns the rest of the text to speak."""
        return self._read(ended=True)

    def _read(self, *, ended: bool) -> str:
        self._reading = _read(self.written, self._names, ended)
        said = self._reading.said.lstrip()
        new = said[len(self.said) :]
        self.said = said
        return new


def _read(text: str, names: Collection[str], ended: bool) -> _Reading:
    reading, at = _Reading(), 0
    while at < len(text):
        if reading.calls and not ended and _SEPARATOR.fullmatch(text, at):
            break
        found = (_NEXT.match(text, at) if reading.calls else None) or _START.search(text, at)
        if found is None:
            end = len(text) if ended else _undecided(text, at)
            _add_words(reading, text[at:end])
            break
        _add_words(reading, text[at : found.start()])
        tail = text[found.end() :]
        if not ended and any(mark.startswith(tail) for mark in (*_MARKS, *_FENCES)):
            break
        marked = found[0] in _MARKS
        begin = found.end() + len((_FENCE.match(text, found.end()) or found)[0])
        outcome = _call(text[begin:], marked, names, ended)
        if outcome is None:  # not decided
            break
        if outcome == _WORDS:
            _add_words(reading, text[found.start() : found.end() + 1])
            at = found.end() + 1
            continue
        if isinstance(outcome, str):
            reading.open = outcome
            break
        calls, length = outcome
        reading.calls += calls
        at = begin + length
        while closed := _CLOSED.match(text, at):
            at = closed.end()
    return reading


def _add_words(reading: _Reading, words: str) -> None:
    if not reading.calls:
        reading.said += words
    elif words.strip():
        reading.done = True


_WORDS = "\0"  # an outcome: no call


def _call(body: str, marked: bool, names: Collection[str], ended: bool) -> tuple[list[FunctionCall], int] | str | None:
    """What begins here: calls and their length, the text of an open call, _WORDS; None while it is not decided."""
    if not marked and not _may_begin(body):
        return _WORDS
    name = _NAME.search(body)
    if not marked and name is not None and name[1] not in names:
        return _WORDS
    value, length = _value(body)
    if value is not None:
        calls = read_calls(value)
        if not marked and not (calls and all(call.name in names for call in calls)):
            return _WORDS
        return calls or [FunctionCall("", problem=_NO_CALL)], length
    if not marked and name is None:
        return _WORDS if ended else None
    outside = _STRING.sub(lambda found: " " * len(found[0]), body)
    closing = min((place for mark in _CLOSINGS if (place := outside.find(mark)) >= 0), default=-1)
    if closing >= 0:
        return _completed(body[:closing]), closing
    if ended or len(body) > MOST_CHARACTERS:
        return [_incomplete(body)], len(body)
    return body


def _may_begin(body: str) -> bool:
    """Whether JSON without a mark is, or may become, a call."""
    compact = re.sub(r"\s+", "", body[:60])
    return any(begin.startswith(compact) or compact.startswith(begin) for begin in _BEGINNINGS)


def _value(body: str) -> tuple[Any, int]:
    """The JSON object or list at the beginning, and its length; None while it is incomplete or broken."""
    if body[:1] not in ("{", "["):
        return None, 0
    try:
        value, end = _DECODER.raw_decode(body)
    except (ValueError, RecursionError):
        return None, 0
    return value, end


def _completed(body: str) -> list[FunctionCall]:
    """The calls in broken JSON: where only brackets are missing they are added, else the model gets the problem."""
    for missing in _MISSING:
        value, _ = _value(body.rstrip() + missing)
        if value is not None and (calls := read_calls(value)):
            return calls
    return [_incomplete(body)]


def _incomplete(body: str) -> FunctionCall:
    name = _NAME.search(body)
    return FunctionCall(name[1] if name else "", problem="This call is not complete JSON; write it again.")


def _undecided(text: str, at: int) -> int:
    """The place from which the end of the text may become a mark or a fence."""
    marks = (*_MARKS, *_FENCES, *_CLOSINGS)
    for place in range(max(at, len(text) - max(map(len, marks))), len(text)):
        if any(mark.startswith(text[place:]) for mark in marks):
            return place
    return len(text)


def read_calls(value: Any) -> list[FunctionCall]:
    """The calls in a value: an object with a name and arguments, a list of them, or OpenAI's form. Empty for others."""
    if isinstance(value, list):
        found = [read_calls(each) for each in value]
        return [call for calls in found for call in calls] if all(found) else []
    if not isinstance(value, dict):
        return []
    inner = value.get("function")
    if isinstance(inner, dict):
        return read_calls(inner)
    name = value.get("name", inner)
    if not isinstance(name, str):
        return []
    given = value.get("arguments", value.get("parameters", {}))
    if isinstance(given, str):
        return [read_arguments(name, given)]
    if not isinstance(given, dict):
        return [FunctionCall(name, problem=f"The arguments of {name} must be a JSON object.")]
    return [FunctionCall(name, given)]


def read_arguments(name: str, text: str, number: str = "") -> FunctionCall:
    """A call whose arguments are JSON in a text, as chat servers send it."""
    try:
        given = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        return FunctionCall(name, problem=f"The arguments of {name} are not a JSON object.", number=number)
    return FunctionCall(name, given, number=number)
