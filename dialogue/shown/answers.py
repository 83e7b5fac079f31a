"""Answers questions about what the user showed, by rule where the answer must be exact; a model answers the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dialogue.memory.event_log import EventLog
from dialogue.memory.scene_memory import SceneMemory
from dialogue.rules.read_aloud import running_text
from dialogue.rules.scene_answers import answer
from dialogue.rules.scene_questions import scene_question
from dialogue.shown.comparing import answer_by_comparing
from dialogue.shown.film_answers import answer_about_film
from dialogue.shown.receipts import answer_about_amounts
from dialogue.shown.several_pictures import answer_about_pictures, shown_again
from dialogue.shown.shown_thing import ShownThing
from dialogue.shown.subjects import names_of
from dialogue.text.grammar import sentence
from dialogue.text.scene_phrases import quoted

_READ = re.compile(
    r"\bread\b.*\b(?:it|this|that|them|these|those|out|aloud|me|us|all|everything|whole|page|document|letter|text)\b"
    r"|\bwhat (?:does|do|did|is|are) (?:it|this|that|they|these|the \w+)(?: \w+){0,2} (?:say|says|read|written)\b",
    re.IGNORECASE,
)
_ALL_OF_IT = re.compile(
    r"\b(?:to me|aloud|out loud|out|all|everything|whole|entire|from the (?:start|beginning|top))\b", re.IGNORECASE
)
_SHORT_ROWS = 4  # of what has more text, only the beginning is said, unless it is to be read out
_NAMES_THE_PICTURE = re.compile(
    r"\b(?:in|on|from|of) (?:the|this|that|my) (?:(?:first|second|third|last|next|other) )?"
    r"(?:picture|photo|image|screenshot)\b"
    r"|\b(?:the )?(?:first|second|third|fourth|fifth|last) (?:one|picture|photo|image)\b",
    re.IGNORECASE,
)


def answer_about_shown(question: str, things: Sequence[ShownThing], seed: int = 0) -> str | None:
    """The answer about these things, which the question is about; None where a model is to answer."""
    if not things:
        return None
    names, first = names_of(things), things[0]
    if (known := answer_about_amounts(question, things, names)) is not None:
        return known
    if (known := answer_by_comparing(question, things, names)) is not None:
        return known
    pictures = [thing for thing in things if thing.kind == "picture"]
    if len(pictures) > 1:
        known = answer_about_pictures(question, [thing.views[0].scene for thing in pictures])
        if known is not None:
            return known
    if len(things) == 1 and first.kind in ("film", "recording"):
        return answer_about_film(question, first)
    if _READ.search(question):
        return read_out(things, names, everything=bool(_ALL_OF_IT.search(question)))
    return _about_scenes(question, things, seed)


def read_out(things: Sequence[ShownThing], names: Sequence[str], *, everything: bool = True) -> str | None:
    """The text word for word, of each thing in turn; the first rows and how many there are unless `everything`."""
    said = []
    for thing, name in zip(things, names, strict=True):
        rows = thing.rows
        beginning = sentence(f"{name} says") if len(things) > 1 else "It says:"
        if not rows:
            said.append(sentence(f"I can read nothing on {name}"))
        elif everything or len(rows) <= _SHORT_ROWS:
            said.append(f"{beginning.rstrip('.:')}: {quoted(running_text(rows))}")
        else:
            shown = quoted(running_text(rows[:_SHORT_ROWS]))
            said.append(f"{beginning.rstrip('.:')}: {shown} That is the beginning; say “read it to me” for all of it.")
    return " ".join(said)


def _about_scenes(question: str, things: Sequence[ShownThing], seed: int) -> str | None:
    """Answers questions about what is to be seen, as about the camera's picture; of each picture where there are
    several."""
    words = _NAMES_THE_PICTURE.sub("here", question)
    asked = scene_question(words) or scene_question(question)
    views = [(thing, thing.views[0]) for thing in things if thing.kind == "picture"]
    if asked is None or asked.kind in ("change", "camera", "alone") or not views:
        return None
    asked, said = replace(asked, when="now"), []
    for number, (thing, view) in enumerate(views, 1):
        scene = shown_again(view.scene, view.scene.at)
        log = EventLog()
        try:
            memory = SceneMemory(log)
            memory.see(scene)
            known = answer(asked, memory, scene.at, seed).text
        finally:
            log.close()
        if asked.kind == "read" and thing.rows:
            known = f"It says {quoted(running_text(thing.rows[:12]))}."
        said.append(known if len(views) == 1 else f"Picture {number}: {known}")
    return " ".join(said)
