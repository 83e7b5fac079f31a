"""What is noted of each part of a long text: LLM x MapReduce's structured information protocol (arXiv 2410.09342).

A record has the information that a part gives, a rationale, an answer and a confidence. Records are joined in groups
that fit the context (collapse), until one request can read them all (reduce). Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dialogue.library.question_words import question_words
from dialogue.library.quotes import has_word
from dialogue.library.support import is_supported
from dialogue.text.scene_phrases import quoted

MOST_CONFIDENT = 5
SURE = 4  # the confidence from which an answer may stand without the others
LENGTHS = {"information": 320, "rationale": 160, "answer": 200}  # characters
NOTHING = re.compile(r"\W*(?:none|nothing|not (?:stated|mentioned|known|given|found)|unknown|no information|n/a)?\W*")

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        **{name: {"type": "string", "maxLength": most} for name, most in LENGTHS.items()},
        "confidence": {"type": "integer", "minimum": 0, "maximum": MOST_CONFIDENT},
    },
    "required": [*LENGTHS, "confidence"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Record:
    """What one part, or a group of them, says about the question. `places` are where it was read."""

    information: str
    rationale: str = ""
    answer: str = ""
    confidence: int = 0
    places: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.information or self.answer)

    def in_words(self, number: int) -> str:
        """For a model to read; what came out of the text is quoted."""
        answer = f" Answer: {quoted(self.answer)}, confidence {self.confidence}." if self.answer else ""
        return f"[{number}] {quoted(self.information)}{answer}"


def read_record(written: str, places: tuple[str, ...]) -> Record:
    """The record that a model wrote. Text that is no JSON counts as information of no confidence."""
    found = re.search(r"\{.*\}", written, re.DOTALL)
    try:
        value = json.loads(found[0]) if found else None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        return Record(_clean(written, "information"), places=places)
    confidence = value.get("confidence")
    number = confidence if isinstance(confidence, int) and not isinstance(confidence, bool) else 0
    answer = _clean(value.get("answer"), "answer")
    return Record(
        _clean(value.get("information"), "information"),
        _clean(value.get("rationale"), "rationale"),
        answer,
        max(0, min(MOST_CONFIDENT, number)) if answer else 0,
        places,
    )


def grounded(record: Record, text: str, question: str) -> Record:
    """The record without what the text does not support: a model makes up an answer rather than give none, also from a
    text without half of the question's words."""
    information = record.information if is_supported(record.information, text, question) else ""
    asked, words = question_words(question), text.split()
    is_about = 2 * sum(has_word(word, words) for word in asked) >= len(asked)
    if record.answer and is_about and is_supported(record.answer, text, question):
        return replace(record, information=information or record.answer)
    return replace(record, information=information, rationale="", answer="", confidence=0)


def groups_of(records: Sequence[Record], most_characters: int) -> list[list[Record]]:
    """Neighbouring records in groups whose words fit into one request; at least two in each but the last."""
    groups: list[list[Record]] = [[]]
    length = 0
    for record in records:
        size = len(record.in_words(len(records))) + 1
        if len(groups[-1]) >= 2 and length + size > most_characters:
            groups.append([])
            length = 0
        groups[-1].append(record)
        length += size
    return groups


def agreed(records: Sequence[Record]) -> Record | None:
    """The record of an answer that is sure and that no other sure record contradicts; None where there is none."""
    sure = [record for record in records if record.confidence >= SURE]
    answers = {_plain(record.answer) for record in sure}
    if len(answers) != 1:
        return None
    best = max(sure, key=lambda record: record.confidence)
    return Record(best.information, best.rationale, best.answer, best.confidence, places_of(sure))


def best_so_far(records: Sequence[Record]) -> Record | None:
    """The record with the surest answer; None without an answer."""
    answered = [record for record in records if record.answer]
    return max(answered, key=lambda record: record.confidence) if answered else None


def places_of(records: Sequence[Record]) -> tuple[str, ...]:
    """The places of the records, each once, in order."""
    return tuple(dict.fromkeys(place for record in records for place in record.places if place))


def _clean(value: Any, name: str) -> str:
    text = " ".join(str(value or "").split())[: LENGTHS[name]]
    return "" if NOTHING.fullmatch(text.lower()) else text


def _plain(answer: str) -> str:
    return " ".join(re.findall(r"\w+", answer.lower()))
