"""Answers questions about the camera by rule, from recognised facts only.

The answers admit the limits of vision: about eighty kinds of things, colours, light and written text. Text that was
read is quoted exactly and is never an instruction.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from dialogue.memory.scene_memory import SceneMemory
from dialogue.rules import scene_past, thing_answers
from dialogue.rules.description import describe
from dialogue.rules.question_kinds import QuestionKind, SceneQuestion
from dialogue.rules.relation_answers import related
from dialogue.rules.rule_answer import RuleAnswer
from dialogue.rules.scene_query import SceneQuery
from dialogue.text.grammar import ago, exactly, sentence
from dialogue.text.labels import labels_in
from dialogue.text.plain_words import plain
from dialogue.text.scene_description import DARK, trouble_description
from dialogue.text.scene_phrases import quotations, thing, total, where

CHANGES_SHOWN, CHANGES_SINCE_S = 3, 120.0


def answer(question: SceneQuestion, memory: SceneMemory, now: float, seed: int = 0) -> RuleAnswer:
    """One or two spoken sentences. `now` is the session time of the question, `seed` varies the wording."""
    asked = SceneQuery(question, memory, now, seed)
    if question.when != "now" and (past := scene_past.answer(asked)) is not None:
        return past
    if not memory.scene.camera:
        said = _camera_off(asked)
    elif question.kind not in ("light", "change") and _is_dark(memory):
        said = _unseen(asked, DARK, "I can't see anything.")
    else:
        said = _ANSWERS[question.kind](asked)
    return RuleAnswer(said) if isinstance(said, str) else said


def _camera_off(asked: SceneQuery) -> str | RuleAnswer:
    if trouble := trouble_description(asked.memory.scene.trouble):
        return _unseen(asked, trouble, "I can't see anything right now.")
    if asked.question.kind == "camera":
        return asked.pick("No, I can't see anything: the camera is off.", "No, there is no picture; the camera is off.")
    if asked.question.kind == "read" and scene_past.last_text(asked):
        return _unseen(asked, "The camera is off now.")
    return asked.pick(
        "I can't see anything right now, the camera is off.",
        "The camera is off, so I can't see that.",
        "I have no picture at the moment: the camera is off.",
    )


def _is_dark(memory: SceneMemory) -> bool:
    """Whether nothing is to be seen for want of light: "there is no dog" would claim too much."""
    seen = any(memory.present(kind) for kind in ("object", "text", "description"))
    return not seen and any(fact.label == "dark" for fact in memory.present("light"))


def _unseen(asked: SceneQuery, why: str, otherwise: str = "") -> str | RuleAnswer:
    """Why nothing is to be seen, with the last text where the question is about text."""
    before = scene_past.last_text(asked) if asked.question.kind == "read" else None
    return replace(before, text=f"{why} {before.text}") if before else f"{why} {otherwise}"


def _read(asked: SceneQuery) -> str | RuleAnswer:
    texts = asked.texts()
    if not texts:
        if asked.memory.scene.unread:
            return asked.pick("I'm still reading it. Ask me again in a moment.", "One moment, I'm still reading.")
        sorry = asked.pick("I can't read anything right now.", "I don't see any text I can read at the moment.")
        before = scene_past.last_text(asked) or RuleAnswer("Hold it a little closer and keep it still.")
        return replace(before, text=f"{sorry} {before.text}")
    said, more = quotations(texts)
    first = sentence(asked.pick(f"it says {said}", f"I can read {said}", f"it reads {said}"))
    return first + (" There is more text than that." if more else "")


def _describe(asked: SceneQuery) -> str:
    return describe(asked.memory, asked.question.place, asked.seed)


def _change(asked: SceneQuery) -> str:
    lately = [change for change in asked.memory.scene.changes if change[0] >= asked.now - CHANGES_SINCE_S]
    labels = {label for what in asked.question.things for label in what.labels}
    if labels:
        lately = [(at, words) for at, words in lately if labels & _labels_in(words)]
    if not lately:
        if labels == {"person"}:
            return asked.pick("No, I didn't notice anyone coming or going.", "Nobody that I noticed.")
        return asked.pick("Nothing that I noticed.", "I haven't noticed any change.")
    recent = [words.rstrip(".") for _, words in lately[-CHANGES_SHOWN:]]
    when = ago(asked.now - lately[-1][0])
    if len(recent) == 1:
        return sentence(f"{recent[0]}, {when}")
    return " ".join(sentence(words) for words in recent) + f" The last of that was {when}."


def _labels_in(words: str) -> set[str]:
    """Labels of the things in a sentence, without its quotations."""
    return labels_in(plain(re.sub("“.*”", "", words)))


def _light(asked: SceneQuery) -> str:
    light = next((fact.label for fact in asked.memory.present("light")), "")
    if light in ("dark", "dim"):
        return asked.pick(f"It looks quite {light} in the picture.", f"It is rather {light}.")
    if light == "bright":
        return asked.pick("It looks bright in the picture.", "It is quite bright.")
    return asked.pick("The light looks fine, neither dark nor very bright.", "The light is good enough for me.")


def _camera(asked: SceneQuery) -> str:
    people = asked.people()
    if not people:
        return asked.pick(
            "The camera is on, but I don't see you in the picture.", "I have a picture, but nobody is in it."
        )
    if total(people) > 1:
        return sentence(f"yes, I see {thing(people)}")
    return sentence(asked.pick("yes, I can see you", "yes, I see you") + f" {where(people[0].place)}".rstrip())


def _alone(asked: SceneQuery) -> str:
    people = total(asked.people())
    if people > 1:
        return f"No, I see {exactly(people, 'person')}."
    return "I think so: I see only one person." if people else "I don't see anyone at all right now."


def _who(asked: SceneQuery) -> str:
    people = asked.people()
    if not people:
        return asked.pick("I don't see anyone right now.", "Nobody that I can see.")
    return sentence(f"I see {thing(people)}, but I don't know faces, so I can't say who")


def _beyond(asked: SceneQuery) -> str:
    return asked.pick(
        "I can't tell that from the picture: I only see things, colours and text.",
        "That is more than I can see. I recognise everyday things, colours and written text.",
    )


_ANSWERS: dict[QuestionKind, Callable[[SceneQuery], str | RuleAnswer]] = {
    "exists": thing_answers.exists,
    "count": thing_answers.count,
    "where": thing_answers.place,
    "size": thing_answers.size,
    "colour": thing_answers.colour,
    "related": related,
    "holding": thing_answers.holding,
    "variety": thing_answers.variety,
    "read": _read,
    "describe": _describe,
    "change": _change,
    "light": _light,
    "camera": _camera,
    "alone": _alone,
    "who": _who,
    "beyond": _beyond,
}
