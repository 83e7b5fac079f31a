"""Answers about a film or recording by rule: what happens in it, what is said, when, with times. Pure.

What is said in it is quoted: data, never an instruction.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dialogue.shown.shown_thing import SaidAt, ShownThing, View
from dialogue.shown.view_changes import differences
from dialogue.text.grammar import sentence
from dialogue.text.labels import labels_in, spoken
from dialogue.text.plain_words import plain
from dialogue.text.scene_phrases import quoted
from dialogue.text.time_words import clock_time

_SUMMARY = re.compile(
    r"\bsum(?:marize|marise|mary|\s?up)\b|\bwhat (?:happens|happened|is happening|goes on|is going on)\b"
    r"|\bwhat (?:is|was|'s) (?:it|this|that|the (?:film|video|movie|clip|recording)"
    r"|in (?:it|there|the \w+)) ?(?:about)?\b"
    r"|\bdescribe\b|\bwhat (?:do|can|did) you (?:see|hear)\b|\bwhat (?:does|did) (?:it|the \w+) show\b",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"\btranscri(?:be|pt)|\bwhat\b.*\b(?:said|say|says|saying|spoken|hear|heard|talk(?:s|ed|ing)? about)\b"
    r"|\bword for word\b",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\b(?:when|at what time|how far into|what minute|where in the)\b", re.IGNORECASE)
_HOW_LONG = re.compile(r"\bhow long (?:is|does|was)\b", re.IGNORECASE)
_AT = re.compile(r"\b(?:at|around|about) (?:(?P<m>\d{1,3}):(?P<s>\d{2})|second (?P<sec>\d+)|(?P<secs>\d+) seconds?)\b")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "the a an is are was were do does did in on at of to it this that film video movie clip recording when what "
        "who how say says said saying about he she they someone something there and or i you me see seen appear "
        "appears come comes first time show shows mention mentions talk talks",
    )
)
MOST_SAID_WORDS, MOST_EVENTS = 14, 6


@dataclass(frozen=True, slots=True)
class FilmEvent:
    at_s: float
    words: str


def answer_about_film(question: str, film: ShownThing) -> str | None:
    """The answer; None where a model is to answer, from `excerpts`."""
    if _HOW_LONG.search(question):
        return f"It lasts {clock_time(film.seconds)}."
    if (at := _AT.search(question)) is not None:
        return _around(film, _seconds(at))
    if _WHEN.search(question):
        return _when(question, film)
    if _WORDS.search(question):
        return _transcript(film)
    return summary(film) if _SUMMARY.search(question) else None


def summary(film: ShownThing) -> str:
    """What happens, in order of time, as far as it can be said at once."""
    events = events_of(film)
    if not events:
        return f"The {film.kind} lasts {clock_time(film.seconds)}. I recognise nothing in it."
    chosen = events if len(events) <= MOST_EVENTS else _spread(events)
    said = " ".join(sentence(f"at {clock_time(each.at_s)} {each.words}") for each in chosen)
    rest = (
        f" There are {len(events) - len(chosen)} more moments; ask me about a time."
        if len(chosen) < len(events)
        else ""
    )
    return f"The {film.kind} lasts {clock_time(film.seconds)}. {said}{rest}"


def events_of(film: ShownThing) -> list[FilmEvent]:
    """What is to be seen and heard, in order of time."""
    seen: list[FilmEvent] = []
    before: View | None = None
    for view in film.views:
        if before is None:
            known = any(fact.kind in ("object", "text", "description") for fact in view.scene.facts)
            words = "" if not known else f"I see {_begun_small(view.scene.description.rstrip('.'))}"
        else:
            words = "; ".join(differences(before, view, here=""))
        if words:
            seen.append(FilmEvent(view.at_s, words))
        before = view
    said = [FilmEvent(each.start_s, f"somebody says {quoted(_shortened(each.text))}") for each in film.said]
    return sorted([*seen, *said], key=lambda event: event.at_s)


def _when(question: str, film: ShownThing) -> str | None:
    labels = labels_in(plain(question))
    for view in film.views:
        found = [fact.label for fact in view.scene.facts if fact.kind == "object" and fact.label in labels]
        if found:
            return f"I first see the {spoken(found[0])} at {clock_time(view.at_s)}."
    wanted = content_words(question)
    best = max(film.said, key=lambda each: len(wanted & content_words(each.text)), default=None)
    if best is not None and wanted & content_words(best.text):
        return f"At {clock_time(best.start_s)} somebody says {quoted(_shortened(best.text))}."
    for view in film.views:
        if wanted & content_words(" ".join(view.rows)):
            return f"I read that at {clock_time(view.at_s)}."
    return "I find that nowhere in it." if wanted else None


def _around(film: ShownThing, at_s: float) -> str:
    """What is to be seen and heard at that time."""
    if at_s > film.seconds + 1:
        return f"It lasts only {clock_time(film.seconds)}."
    view = next((each for each in reversed(film.views) if each.at_s <= at_s + 0.5), None)
    seen = f"I see: {_begun_small(view.scene.description.rstrip('.'))}" if view is not None else ""
    heard = [each for each in film.said if each.start_s - 2 <= at_s <= each.end_s + 2]
    said = f"somebody says {quoted(' '.join(each.text for each in heard))}" if heard else ""
    return sentence(f"at {clock_time(at_s)} {'; '.join(filter(None, (seen, said))) or 'I recognise nothing'}")


def _transcript(film: ShownThing) -> str:
    if not film.said:
        return "I hear no words in it."
    if len(film.said) == 1:
        return f"At {clock_time(film.said[0].start_s)} it says: {quoted(film.said[0].text)}"
    return "It says: " + " ".join(f"At {clock_time(each.start_s)}: {quoted(each.text)}." for each in film.said)


def _spread(events: Sequence[FilmEvent]) -> list[FilmEvent]:
    last = len(events) - 1
    return [events[round(number * last / (MOST_EVENTS - 1))] for number in range(MOST_EVENTS)]


def _seconds(at: re.Match[str]) -> float:
    if at["m"]:
        return int(at["m"]) * 60 + int(at["s"])
    return float(at["sec"] or at["secs"])


def _shortened(text: str) -> str:
    words = text.split()
    return text if len(words) <= MOST_SAID_WORDS else " ".join(words[:MOST_SAID_WORDS]) + " ..."


def content_words(text: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall(r"[^\W_]+", text.casefold()) if word not in _COMMON}


def _begun_small(words: str) -> str:
    return words[:1].lower() + words[1:]


def said_in_words(said: Sequence[SaidAt]) -> str:
    """ "at 0:02 “Hello.”; at 0:05 “Goodbye.”" """
    return "; ".join(f"at {clock_time(each.start_s)} {quoted(each.text)}" for each in said)
