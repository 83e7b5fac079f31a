"""Recognises questions about what the camera shows. Pure rules over words.

Tolerates ASR output (no punctuation, no capitals, wrong homophones). Returns None when in doubt: ordinary
conversation must not trigger a scene answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dialogue.blocks import Place
from dialogue.rules.question_kinds import QuestionKind, SceneQuestion, When
from dialogue.rules.question_patterns import AS_SAID, MASKED, compiled
from dialogue.rules.relation_questions import relation_question
from dialogue.text.labels import Thing, mask_things, thing_of
from dialogue.text.plain_words import core, sentences

_AS_SAID = compiled(AS_SAID)
_MASKED = compiled(MASKED)
_PERSON = Thing("person", ("person",))
_PLACES: dict[str, Place] = {"left": "left", "right": "right", "middle": "centre", "center": "centre"}

# Questions are short and come last; these limits bound the time that a pasted page takes.
_LONGEST_TEXT, _LAST_SENTENCES, _LONGEST_QUESTION = 2000, 4, 25

_FIRST = re.compile(
    r" ?\b(?:at (?:the )?(?:very )?(?:beginning|start|first)|in the beginning"
    r"|(?:when|as) we (?:began|started|first met))\b"
)
_THE_FIRST = re.compile(r"\b(the )?(?:very )?first (?=\w)")
_EARLIER = re.compile(
    r" ?\b(?:just |since )?(?:before(?: that)?|earlier(?: on)?|previously|back then|(?<!when was )the last time"
    r"|(?<!the )last time|in the past|a while back"
    r"|(?:a|one|two|three|four|five|ten|a few|some|\d+) (?:moments?|minutes?|seconds?|hours?|while) ago)\b"
)
_PAST_VERB = re.compile(r"\b(?:did|was|were|had|have you (?:\w+ )?seen|said)\b")

# Nouns that people "see" or that "are there" without a camera.
_ABSTRACT = re.compile(
    r"\b(?:future|point|problem|difference|reason|pattern|issue|way|chance|god|hope|doubt|need|question|possibility"
    r"|meaning|sense|life|rule|law|limit|cure|alternative|connection|similarity|trend|light|THING|what|that)\b"
)
# Words that refer to the scene or to the person in it.
_REFERENCE = re.compile(
    r"\b(?:you|here|i|me|my|mine|we|us|this|that|these|those|in front|behind|beside|next to|picture|image|photo|video"
    r"|camera|room|view|desk|table|wall|floor|left|right|screen)\b"
)
# Starts of a question within unpunctuated words; after "I know" and the like it is no question.
_NOT_AFTER = ("know", "knows", "see", "sure", "about", "understand", "remember", "care", "of", "asked", "that")
_RUN_ON = re.compile(
    "".join(rf"(?<!\b{word})" for word in _NOT_AFTER) + " "
    r"(?:what (?:do|does|is|am|did|color|can|you see)|where (?:is|are)|how many|who is|(?:is|are) there"
    r"|(?:can|do) you (?:see|read)|read)\b"
)
_NAMED_BEFORE, _IT = re.compile(r"(?:the|my|your|our|this|that) \w+"), re.compile(r"\b(?:it|they|them)\b")
_ASKS = re.compile(r"(?:what|where|which|who|how|when|in which)\b")
_FOLLOW_THING = re.compile(r"(?:(?:what|how) about )?(?:(?:an?|any|the|my|your|this|that) )*(?:\w+ )?THING")
_FOLLOW_PLACE = re.compile(r"(?:(?:what|how) about )?(?:on |in |to )?(?:the |my )?(left|right|middle|center)(?: side)?")
_FOLLOW_NOW = re.compile(r"(?:(?:what|how) about )?(?:now|here|this time|this|this one|that one)")


def scene_question(text: str, previous: SceneQuestion | None = None) -> SceneQuestion | None:
    """The scene question in what the user said, or None.

    If several sentences ask, the last one counts. `previous` is the scene question of the turn before, needed for
    follow-ups such as "and the cup?" or "what about a cat".
    """
    parts = [_ending(words) for words in sentences(text[-_LONGEST_TEXT:])[-_LAST_SENTENCES:]]
    for words in reversed(parts):
        for asked in (words, _last_question(words)):
            if asked != words and _NAMED_BEFORE.match(words) and _IT.search(asked):
                continue  # "the coach that is coming, what color is it"
            if asked and (found := _asked(core(asked))) is not None:
                return found
    return _follow_up(core(parts[-1]), previous) if previous is not None and parts else None


def _ending(words: str) -> str:
    return " ".join(words.split()[-_LONGEST_QUESTION:])


def _last_question(words: str) -> str:
    """The question at the end of a sentence written without punctuation: "here is a sign what does it say"."""
    starts = [found.start() for found in _RUN_ON.finditer(words)]
    last = words[starts[-1] + 1 :] if starts else ""
    # "How many legs do you see" is one question, not two.
    return "" if _ASKS.match(core(words)) and not _ASKS.match(last) else last


def _asked(words: str) -> SceneQuestion | None:
    words, when = _without_time(words)
    if when == "now" and (related := relation_question(words)) is not None:
        return related
    for kind, pattern in _AS_SAID:
        if pattern.fullmatch(words):
            return SceneQuestion(kind, when=_tense(kind, words, when))
    masked, things = mask_things(words)
    for kind, pattern in _MASKED:
        found = pattern.fullmatch(masked)
        about = _things_in(found, things) if found else None
        if found is not None and about is not None and _is_in_view(kind, about, words):
            colour = found.groupdict().get("colour") or ""
            return SceneQuestion(kind, about, _place(kind, masked), colour, _tense(kind, words, when))
    return None


def _without_time(words: str) -> tuple[str, When]:
    """The words without a time such as "before" or "at the beginning", and that time."""
    shorter = _FIRST.sub("", words)
    if shorter != words:
        return shorter.strip(), "first"
    shorter = _EARLIER.sub("", words)
    if shorter != words:
        return shorter.strip(), "earlier"
    if re.search(r"\b(?:did|was|were)\b", words) and _THE_FIRST.search(words):
        return _THE_FIRST.sub(r"\1", words), "first"
    return words, "now"


def _tense(kind: QuestionKind, words: str, when: When) -> When:
    if kind == "change":
        return "now"  # changes have times of their own
    if when != "now":
        return when
    return "earlier" if _PAST_VERB.search(words) else "now"


def _things_in(found: re.Match[str], things: list[Thing]) -> tuple[Thing, ...] | None:
    """The subjects of the question; None if its noun is nothing visible."""
    groups = found.groupdict()
    if groups.get("self"):
        return (_PERSON,)
    if groups.get("np"):
        before = found.string[: found.start("np")].count("THING")
        return tuple(things[before : before + groups["np"].count("THING")])
    if other := groups.get("other"):
        return None if _ABSTRACT.search(other) else (thing_of(other) or Thing(other),)
    return ()


def _is_in_view(kind: QuestionKind, about: Sequence[Thing], words: str) -> bool:
    """Whether a question about things that the detector cannot name is about the scene all the same.

    "How many continents are there?" is about the world, "how many pencils are on the desk?" about the room.
    """
    if not about or any(thing.labels for thing in about) or kind not in ("count", "exists"):
        return True
    return bool(_REFERENCE.search(words)) or (kind == "exists" and all(thing_of(thing.said) for thing in about))


def _place(kind: QuestionKind, masked: str) -> Place:
    if kind not in ("describe", "exists", "count", "colour", "holding"):
        return ""
    found = re.search(r"\b(?:on|to|at|in) (?:the |my |your )?(left|right|middle|center)\b", masked)
    return _PLACES[found[1]] if found else ""


def _follow_up(words: str, previous: SceneQuestion) -> SceneQuestion | None:
    """ "and a cat", "what about the cup": the previous question about another thing or place."""
    masked, things = mask_things(words)
    if _FOLLOW_THING.fullmatch(masked) and previous.kind in ("exists", "count", "where", "colour"):
        return replace(previous, things=tuple(things), colour="")
    if place := _FOLLOW_PLACE.fullmatch(words):
        return replace(previous, place=_PLACES[place[1]])
    if _FOLLOW_NOW.fullmatch(words):
        return replace(previous, when="now")
    return None
