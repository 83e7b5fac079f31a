"""Whether entries about what is seen support what a model says of it: its numbers and words stand there. Pure.

What the question says is no support, unless it offers a choice: "the door is open" says nothing that the question "is
the door open?" has not said. A denial that a thing is there needs no support, because entries are complete; a denial of
what it is like does. Words are compared by their stems.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Sequence

from dialogue.prompts.answer_kinds import OPTIONS, of_asked_kind
from dialogue.prompts.figure_support import figures_fit
from dialogue.prompts.row_support import rows_fit
from dialogue.prompts.thing_support import things_fit
from dialogue.text.dates import dates_of
from dialogue.text.grammar import number_of
from dialogue.text.labels import find_things, labels_in
from dialogue.text.plain_words import plain
from dialogue.text.word_stems import is_in

_WORD = re.compile(r"\d+(?:[.:,]\d+)*|[^\W\d_]+")
_CLOCK = re.compile(r"\b(\d{1,2}):(\d\d)\b")
_LETTER = re.compile(r"(?:(?<=[a-z] )|(?<=[a-z]: ))([A-HJ-Z])\b(?!')")  # "platform B": no article
_UNIT = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")  # 400mg, B12

# Words that assert nothing by themselves: function words, and what any answer about a scene may use.
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "a an the this that these those it its they them their there here i me my we us our you your he him his "
        "she her is are was were be been being am do does did has have had can could would will shall should may "
        "might must to of in on at by for from with about into than as and or but if whether not no any some so "
        "also only just s t yes sure one ones other both each all who whom whose what which when where how why up "
        "out over under near next then now still again please best better good choice option suitable thing things "
        "something anything nothing see seen show shows shown look looks looking say says said read reads written "
        "write give given tell told find found get got use used using name named called cost costs price priced "
        "amount total sum color colored wear wears wearing dressed side left-hand picture image scene view camera "
        "visible line lines text sign board list listed item items kind type piece pieces number many much front "
        "place placed located standing stand stands sitting sits lying lies available allowed possible need needs "
        "means belongs time times minute minutes hour hours clock o oclock am pm euro euros dollar dollars pound "
        "pounds cent cents people st nd rd th make makes made receipt ticket menu recipe label bill invoice page "
        "year years go goes going come comes coming",
    )
)
_NAMED_DAYS = [name.lower() for name in [*calendar.month_name[1:], *calendar.day_name]]
_TIME = re.compile(r"\[\d+\.\d s (?=\w+:)")  # with which an entry begins
_READ = re.compile(r"“[^”]*”")
_YES, _NO = re.compile(r"\W*yes\b"), re.compile(r"\W*no\b")
# "There is no dog", "I don't see a dog": about being there alone.
_ABSENCE = re.compile(
    r"\bthere (?:is|are|was|were) (?:not|no)\b|^no\W*$|\bgone\b"
    r"|\b(?:do|does|did|can|could) not (?:see|find|show|mention|list|include|have)\b"
    r"|\bnot (?:any|in (?:the )?(?:picture|view|list|text)|on (?:it|the list)|listed|mentioned|shown)\b"
)
_OPEN = re.compile(r"\bcan not\b|\bcould not\b|\bdo(?:es)? not (?:know|say)|\bsorry\b|\bunknown\b")

_POINTS = re.compile(r"\b(?:it|its|this|that|these|those|them|they|their|here|inside|my|mine|me|we|us|i)\b")
_SUBJECT = re.compile(r"(?:the|this|your) ([^\W\d_]+) ")


def is_supported(said: str, asked: str, entries: Sequence[str]) -> bool:
    """Whether `said` follows from `entries`, lines of `scene_text`, as far as words tell. `asked` is the question."""
    reply, question, seen = _plain(said), _plain(asked), _plain(_TIME.sub(" ", " ".join(entries)))
    if _OPEN.search(reply):
        return True
    there = _words(seen) | _forms_of_dates(" ".join(entries))
    known = there | _words(question)
    labels = labels_in(seen)
    claims = [word for word in _claims(reply) if not _named(word, labels)]
    subject = _SUBJECT.match(reply) if _POINTS.search(question) else None
    if subject is not None and not find_things(subject[1]):  # what "it" is called
        claims = [word for word in claims if word != subject[1]]
    if not all(is_in(word, known) for word in claims) or not _fit(said, asked, entries):
        return False
    if _NO.match(reply) and _ABSENCE.search(reply):
        return True
    own = _words(question) - {word for options in OPTIONS.finditer(question) for word in options.groups()}
    evidence = [word for word in _claims(reply) if is_in(word, there) or _named(word, labels)]
    if _YES.match(reply) and set(find_things(question)) and not _predicates(question, there, labels):
        return True
    read = _words(_plain(" ".join(text for entry in entries for text in _READ.findall(entry))))
    evidence = of_asked_kind(evidence, question, read, _predicates(question, there, labels))
    return any(not is_in(word, own) for word in evidence)


def _fit(said: str, asked: str, entries: Sequence[str]) -> bool:
    return all(fit(said, asked, entries) for fit in (figures_fit, things_fit, rows_fit))


def _predicates(question: str, there: Collection[str], labels: Collection[str]) -> list[str]:
    """What a question asks of a thing, besides being there, that no entry says."""
    return [word for word in _claims(question) if not is_in(word, there) and not _named(word, labels)]


def _forms_of_dates(seen: str) -> set[str]:
    """Other forms of the dates and times in a text: the words of "21.08.2026", "Saturday" for "Sat", 7:45 for 19:45."""
    words = [word for dated in dates_of(seen) for word in f"{dated.day:%A %B} {dated.day.day} {dated.day.year}".split()]
    short = {word for word in re.findall(r"[a-z]+", seen.lower()) if 3 <= len(word) <= 4}
    words += [name for name in _NAMED_DAYS for word in short if name.startswith(word)]
    words += [f"{int(hour) - 12}:{minute}" for hour, minute in re.findall(r"\b(1[3-9]|2[0-3])[:.](\d\d)\b", seen)]
    return _words(_plain(" ".join(words)))


def _plain(text: str) -> str:
    """Plain words in which a time of day is one number, and a letter that names something a word."""
    return plain(_CLOCK.sub(r"\1.\2", _LETTER.sub(lambda found: found[1] * 4, text)))


def _claims(text: str) -> list[str]:
    return [word for word in _all_words(text) if word not in _EMPTY]


def _words(text: str) -> set[str]:
    return set(_all_words(text))


def _all_words(text: str) -> list[str]:
    """Words and numbers; number words as numbers, and every number in one spelling."""
    found = _WORD.findall(_UNIT.sub(" ", text))
    return [_number(word) if word[0].isdigit() else str(number_of(word) or word) for word in found if word != "00"]


def _number(word: str) -> str:
    """4.50 and 4.5 are one number, 8:00 and 08 one time."""
    plain_number = word.replace(",", ".").lstrip("0")
    return (plain_number.rstrip("0").rstrip(".") if "." in plain_number else plain_number) or "0"


def _named(word: str, labels: Collection[str]) -> bool:
    """Whether it is a name of a thing with one of these labels."""
    return any(set(thing.labels) & set(labels) for thing in find_things(word))
