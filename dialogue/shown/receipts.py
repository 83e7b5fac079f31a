"""Answers questions about receipts, bills and tickets by rule: totals, sums over several, dates, all of it as JSON.

A figure that was not read is not guessed: the answer says on which one none was found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jsonschema import validate

from dialogue.shown.amounts import Amount, total_of
from dialogue.shown.sheet_answers import answer_from_sheet
from dialogue.shown.shown_thing import ShownThing
from dialogue.text.dates import date_in
from dialogue.text.grammar import listed, sentence

_ADDS = re.compile(
    r"\badd(?:ing)? (?:\w+ ){0,3}?(?:up|together)\b|\badd (?:these|those|them|both|all|the)\b|\bsum (?:of|up)\b"
    r"|\b(?:in total|altogether|all together|combined)\b"
    r"|\btotal (?:of|for|from|over) (?:these|those|them|all|both|the two)\b"
    r"|\bhow much (?:is|are|do|did|was|were) (?:these|those|they|them|all|both|i spend|i spent|it all)\b",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"\b(?:total|sum|amount|price)\b|\bhow much (?:is|was) (?:it|this|that|the)\b"
    r"|\bhow much (?:do|did|does|must|should|have) (?:i|we|it) (?:pay|paid|spend|spent|owe|cost|have to)\b",
    re.IGNORECASE,
)
_AS_JSON = re.compile(r"\bjson\b", re.IGNORECASE)
_FIELDS: Mapping[str, re.Pattern[str]] = {
    "date": re.compile(r"\bdates?\b|\bday\b|\bwhen\b", re.IGNORECASE),
    "time": re.compile(r"\btimes?\b", re.IGNORECASE),
    "total": re.compile(r"\btotals?\b|\bamounts?\b|\bsum\b|\bprices?\b", re.IGNORECASE),
    "currency": re.compile(r"\bcurrency\b", re.IGNORECASE),
    "title": re.compile(r"\b(?:shop|store|merchant|seller|vendor|name|title|heading)\b", re.IGNORECASE),
}
_TYPES: Mapping[str, Mapping[str, Any]] = {
    "date": {"type": ["string", "null"], "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    "time": {"type": ["string", "null"], "pattern": r"^\d{2}:\d{2}$"},
    "total": {"type": ["number", "null"]},
    "currency": {"type": ["string", "null"]},
    "title": {"type": ["string", "null"]},
}


def answer_about_amounts(question: str, things: Sequence[ShownThing], names: Sequence[str]) -> str | None:
    """The answer about these things, called by these `names`; None for other questions."""
    if not any(thing.rows for thing in things):
        return None
    if _AS_JSON.search(question):
        return as_json(question, things)
    if len(things) > 1 and (_ADDS.search(question) or _TOTAL.search(question)):
        return added(things, names)
    return answer_from_sheet(question, things[0].rows) if len(things) == 1 else None


def asks_for_json(question: str) -> bool:
    return bool(_AS_JSON.search(question))


def added(things: Sequence[ShownThing], names: Sequence[str]) -> str:
    """ "12.30 and 8.45 make 20.75 euros."; what is missing is said."""
    totals = [total_of(thing.rows) for thing in things]
    missing = [name for name, total in zip(names, totals, strict=True) if total is None]
    found = [total for total in totals if total is not None]
    if not found:
        return "I find no total on any of them."
    note = sentence(f"I find no total on {listed(missing)}") if missing else ""
    currencies = {total.currency for total in found if total.currency}
    if len(currencies) > 1:
        return f"They are in different currencies: {listed([total.spoken for total in found])}. {note}".strip()
    whole = Amount(sum((total.value for total in found), start=found[0].value * 0), "".join(currencies))
    if len(found) == 1:
        return f"There is only one total: {whole.spoken}. {note}".strip()
    return f"{listed([f'{total.value:.2f}' for total in found])} make {whole.spoken}. {note}".strip()


def as_json(question: str, things: Sequence[ShownThing]) -> str:
    """The fields that the question names, as JSON that is valid against their schema; null for what is not there.

    One object for one thing, a list for several.
    """
    fields = [name for name, words in _FIELDS.items() if words.search(question)] or ["date", "total"]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: _TYPES[name] for name in fields},
        "required": fields,
        "additionalProperties": False,
    }
    objects = [{name: _field(name, thing.rows) for name in fields} for thing in things]
    for each in objects:
        validate(each, schema)
    return json.dumps(objects[0] if len(objects) == 1 else objects, ensure_ascii=False)


def _field(name: str, rows: Sequence[str]) -> str | float | None:
    dated, total = date_in(rows), total_of(rows)
    match name:
        case "date":
            return dated.day.isoformat() if dated is not None else None
        case "time":
            return f"{dated.at:%H:%M}" if dated is not None and dated.at is not None else None
        case "total":
            return float(total.value) if total is not None else None
        case "currency":
            return total.currency or None if total is not None else None
        case _:
            return next((row for row in rows if sum(map(str.isalpha, row)) > 2), None)
