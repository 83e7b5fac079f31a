"""Answers questions about what was said or read earlier with the best line of the event log and its time.

By rule: a line is scored by the share of the question's words that it contains, weighted by rarity, and by the
similarity of sentence embeddings if there are any. Text read in the room is quoted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dialogue.memory.event_log import Event, EventKind, EventLog
from dialogue.memory.event_time import when_was
from dialogue.rules.question_kinds import SceneQuestion
from dialogue.rules.recall.recall_questions import MY_NAME, NAMES, RecallQuestion, Whose
from dialogue.rules.rule_answer import RuleAnswer
from dialogue.rules.small_talk import name_given
from dialogue.text.grammar import sentence
from dialogue.text.plain_words import plain
from dialogue.text.scene_phrases import quotations

# Kinds of lines searched for answers. The user's questions are left out.
SEARCHED: dict[Whose, tuple[EventKind, ...]] = {
    "user": ("told",),
    "assistant": ("said",),
    "room": ("read",),
    "any": ("told", "read"),
}
INDEXED: tuple[EventKind, ...] = ("told", "said", "read")

# The share of a question's words that a line must contain, or its minimum similarity.
_SURE_SHARE, _SURE_LIKENESS = 0.5, 0.45
_SHARE, _LIKENESS, _STRICT_LIKENESS = 0.95, 0.6, 0.7
_MOST_WORDS_BACK = 40
# Scores closer than this count as equal: the newest line wins, since people correct themselves (or the first, if the
# question asks for it).
_AS_GOOD = 0.05


def asks_for_words(question: RecallQuestion, scene: SceneQuestion | None) -> bool:
    """Whether to search the log although the question may be about the scene: past signs, unknown things."""
    if scene is None:
        return True
    if question.whose == "room":
        return scene.kind == "read" and scene.when != "now"
    own_act = scene.kind == "where" and " did i " in f" {question.about} "
    return own_act or (bool(scene.things) and not any(thing.labels for thing in scene.things))


def recall(
    question: RecallQuestion,
    log: EventLog,
    now: float,
    meaning: NDArray[np.float32] | None = None,
    before: int | None = None,
) -> RuleAnswer | None:
    """The answer from the log, with the time in words; None if no line fits.

    `now` is the session time of the question, `meaning` the vector of its text if there is one, `before` the
    question's own line, which is left out.
    """
    found = best_line(question, log, meaning, before)
    if found is None:
        return None
    when = when_was(log, found.at, now, earlier=found.earlier)
    if question.first and not found.earlier:
        when = f"at the beginning, {when},"
    return RuleAnswer(sentence(_worded(found, when, question)), found.at, found.number)


def recall_evicted(
    question: RecallQuestion, log: EventLog, now: float, before: int | None, begins_at: float
) -> RuleAnswer | None:
    """`recall`, limited to what was said before the model's context `begins_at`. The model answers the rest itself,
    and questions about the room, because it has seen the pictures."""
    if question.whose == "room":
        return None
    known = recall(question, log, now, None, before)
    return known if known is not None and known.at is not None and known.at < begins_at else None


NOTHING: dict[Whose, str] = {
    "user": "I don't remember you telling me that.",
    "assistant": "I don't remember saying anything about that.",
    "room": "I don't remember reading anything like that.",
    "any": "I don't remember anything like that.",
}


def _worded(found: Event, when: str, question: RecallQuestion) -> str:
    match found.kind:
        case "read":
            return f"{when} I read {quotations([found.text])[0]}"
        case "said":
            return f"{when} I said: {_back(found.text, question)}"
        case _ if MY_NAME in question.words and (name := name_given(found.text)):
            return f"you told me that your name is {name}, {when.rstrip(',')}"
        case _:
            return f"{when} you told me: {_back(found.text, question)}"


def best_line(
    question: RecallQuestion, log: EventLog, meaning: NDArray[np.float32] | None, before: int | None
) -> Event | None:
    """The line that answers best, None where none is good enough. `before` is the question's own line."""
    kinds = SEARCHED[question.whose]
    shares = _shares(question, log, kinds)
    alike = log.likeness(meaning, *kinds) if meaning is not None else {}
    scores: dict[int, float] = {}
    for number in (shares.keys() | alike.keys()) - {before}:
        share, likeness = shares.get(number, 0.0), alike.get(number, 0.0)
        if _fits(question, share, likeness):
            scores[number] = share + likeness
    if question.name:
        named = log.with_word(NAMES, *kinds)
        scores = {number: score + 0.2 * (number in named) for number, score in scores.items()}
    if not scores:
        return None
    enough = max(scores.values()) - _AS_GOOD
    good = [number for number, score in scores.items() if score >= enough]
    return log.get(min(good) if question.first else max(good))


def _fits(question: RecallQuestion, share: float, likeness: float) -> bool:
    """Whether a line is good enough: the less clearly recall is asked for, the better it must fit."""
    if question.strict:
        return share >= _SHARE and likeness >= _STRICT_LIKENESS
    if question.sure:
        return share >= _SURE_SHARE or likeness >= _SURE_LIKENESS
    return share >= _SHARE or (likeness >= _LIKENESS and share > 0)


def _shares(question: RecallQuestion, log: EventLog, kinds: Sequence[EventKind]) -> dict[int, float]:
    """For each line with any of the question's words, their share, weighted by rarity."""
    holding = [log.with_word(group, *kinds) for group in question.words]
    weights = [1 / math.log(2 + max(1, len(lines))) for lines in holding]
    shares: dict[int, float] = {}
    for lines, weight in zip(holding, weights, strict=True):
        for number in lines:
            shares[number] = shares.get(number, 0.0) + weight / sum(weights)
    return shares


def _back(text: str, question: RecallQuestion) -> str:
    """The text as it is repeated aloud: the relevant part of a long one."""
    text = " ".join(text.split())
    if len(text.split()) <= _MOST_WORDS_BACK:
        return text
    parts = re.split(r"(?<=[.?!])\s+", text)
    sought = {word for group in question.words for word in group}
    best = max(range(len(parts)), key=lambda at: len(sought & set(plain(parts[at]).split())))
    words = " ".join(parts[best : best + 2]).split()
    return " ".join(words[:_MOST_WORDS_BACK]) + (" and so on" if len(words) > _MOST_WORDS_BACK else "")
