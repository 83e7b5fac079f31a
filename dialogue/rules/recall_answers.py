"""Answers to questions about what was said or read earlier: the line of the event log that fits, with its time.

By rule: a line fits by the share of the question's words that it holds, rare words counting more, and by the likeness
of meaning where vectors are there. What the room showed is quoted; where nothing fits, that is said, or nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dialogue.memory.event_log import Event, EventKind, EventLog
from dialogue.rules.question_kinds import SceneQuestion
from dialogue.rules.recall_questions import MY_NAME, NAMES, RecallQuestion, Whose
from dialogue.rules.rule_answer import RuleAnswer
from dialogue.rules.small_talk import told_name
from dialogue.text.grammar import ago, sentence
from dialogue.text.plain_words import plain
from dialogue.text.scene_phrases import quotations

# What an answer may be found in. Questions of the user are no knowledge.
SEARCHED: dict[Whose, tuple[EventKind, ...]] = {
    "user": ("told",),
    "assistant": ("said",),
    "room": ("read",),
    "any": ("told", "read"),
}
INDEXED: tuple[EventKind, ...] = ("told", "said", "read")

# The share of a question's words that a line must hold, or how alike it must be in meaning.
_SURE_SHARE, _SURE_LIKENESS = 0.5, 0.45
_SHARE, _LIKENESS, _STRICT_LIKENESS = 0.95, 0.6, 0.7
_MOST_WORDS_BACK = 40
# Lines that fit about as well: the newest holds, for people correct themselves (the first, where that is asked for).
_AS_GOOD = 0.05


def words_wanted(question: RecallQuestion, scene: SceneQuestion | None) -> bool:
    """Whether words are sought where a question may also be about the scene: signs of the past, things unseen."""
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
    """What the log knows, with the time in words; None if it knows nothing.

    `now` is the session time of the question, `meaning` the vector of its text where there is one, `before` the
    question's own line: it is no answer to itself.
    """
    found = _best(question, log, meaning, before)
    if found is None:
        return None
    when = ago(now - found.at)
    if question.first:
        when = f"at the beginning, {when},"
    return RuleAnswer(sentence(_told(found, when, question)), found.at)


def recall_left(
    question: RecallQuestion, log: EventLog, now: float, before: int | None, begins_at: float
) -> RuleAnswer | None:
    """`recall`, for a model that reads the conversation itself: only what was said before its context `begins_at`.
    For all else there is the model, which also knows what it saw: the log holds words."""
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


def _told(found: Event, when: str, question: RecallQuestion) -> str:
    match found.kind:
        case "read":
            return f"{when} I read {quotations([found.text])[0]}"
        case "said":
            return f"{when} I said: {_back(found.text, question)}"
        case _ if MY_NAME in question.words and (name := told_name(found.text)):
            return f"you told me that your name is {name}, {when.rstrip(',')}"
        case _:
            return f"{when} you told me: {_back(found.text, question)}"


def _best(
    question: RecallQuestion, log: EventLog, meaning: NDArray[np.float32] | None, before: int | None
) -> Event | None:
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
    """Whether a line is good enough to be told: the less plainly recall is asked for, the better it must fit."""
    if question.strict:
        return share >= _SHARE and likeness >= _STRICT_LIKENESS
    if question.sure:
        return share >= _SURE_SHARE or likeness >= _SURE_LIKENESS
    return share >= _SHARE or (likeness >= _LIKENESS and share > 0)


def _shares(question: RecallQuestion, log: EventLog, kinds: Sequence[EventKind]) -> dict[int, float]:
    """For each line that holds any of the question's words, the share of them, rare ones counting more."""
    holding = [log.with_word(group, *kinds) for group in question.words]
    weights = [1 / math.log(2 + max(1, len(lines))) for lines in holding]
    shares: dict[int, float] = {}
    for lines, weight in zip(holding, weights, strict=True):
        for number in lines:
            shares[number] = shares.get(number, 0.0) + weight / sum(weights)
    return shares


def _back(text: str, question: RecallQuestion) -> str:
    """What can be said back aloud: of a long text the part that is asked for."""
    text = " ".join(text.split())
    if len(text.split()) <= _MOST_WORDS_BACK:
        return text
    parts = re.split(r"(?<=[.?!])\s+", text)
    sought = {word for group in question.words for word in group}
    best = max(range(len(parts)), key=lambda at: len(sought & set(plain(parts[at]).split())))
    words = " ".join(parts[best : best + 2]).split()
    return " ".join(words[:_MOST_WORDS_BACK]) + (" and so on" if len(words) > _MOST_WORDS_BACK else "")
