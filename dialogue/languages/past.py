"""Answers what was said, read or seen before, in a language with a `past` table, from the event log and the scenes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogue.languages.language import Language
from dialogue.languages.past_words import search_terms, when_was
from dialogue.languages.seen import named, things
from dialogue.memory.event_log import Event, EventLog
from dialogue.memory.scene_memory import SceneMemory
from dialogue.rules.recall.recall_answers import best_line
from dialogue.rules.recall.recall_questions import RecallQuestion, Whose
from dialogue.rules.rule_answer import RuleAnswer
from dialogue.text.scene_phrases import quoted

_LONGEST = 40  # characters of a question
_SENTENCE = re.compile(r"[.!?。！？\n]+")
# The keys of the table that ask for words: whose they are, whether nothing else is meant, and what is said if there
# are none.
_WORDS: tuple[tuple[str, Whose, bool, str], ...] = (
    ("replied", "assistant", True, "nothing_replied"),
    ("said", "user", True, "nothing_said"),
    ("may_be_said", "user", False, ""),
)


def past_answer(
    text: str, lang: Language, log: EventLog, scenes: SceneMemory, now: float, before: int | None
) -> RuleAnswer | None:
    """The answer at session time `now`; None where something else is asked, or only a model can tell. `before` is the
    question's own line."""
    if "past" not in lang.table:
        return None
    asked = [plain for part in _SENTENCE.split(text) if 0 < len(plain := lang.plain(part)) <= _LONGEST]
    for plain in reversed(asked):
        known = _of_scene(plain, lang, scenes, now, log) or _of_words(plain, lang, log, now, before)
        if known is not None:
            return known
    return None


def _of_words(plain: str, lang: Language, log: EventLog, now: float, before: int | None) -> RuleAnswer | None:
    table = lang.table["past"]
    for key, whose, sure, nothing in _WORDS:
        found = _found(table[key], plain)
        terms = search_terms(found["about"], lang) if found is not None else ()
        if found is None or not terms:
            continue
        line = best_line(RecallQuestion(whose, found["about"], terms, sure), log, None, before)
        if line is not None:
            said = _say(lang, line.kind, when=_when(line, log, now, lang), text=quoted(line.text))
            return RuleAnswer(said, line.at, line.number)
        return RuleAnswer(_say(lang, nothing)) if sure else None
    return None


def _of_scene(plain: str, lang: Language, scenes: SceneMemory, now: float, log: EventLog) -> RuleAnswer | None:
    table = lang.table["past"]
    if _found(table["read"], plain) is not None:
        texts = [*scenes.past("text"), *scenes.present("text")]
        if not texts:
            return RuleAnswer(_say(lang, "nothing_read"))
        when = when_was(log, texts[0].at, now, lang, earlier=False)
        return RuleAnswer(_say(lang, "read", when=when, text=quoted(texts[0].text)), texts[0].at)
    masked, labels = lang.masked(plain)
    gone = scenes.past("object")
    if (found := _found(table["seen"], masked)) is not None:
        label = labels[masked[: found.end("thing")].count("@") - 1]
        last = [fact for fact in gone if fact.label == label][:1]
        if not last and (here := [fact for fact in scenes.present("object") if fact.label == label]):
            return RuleAnswer(_say(lang, "seen_still", things=things(here, lang)))
        if not last:
            return RuleAnswer(_say(lang, "seen_none", thing=named(label, lang)))
    elif _found(table["before"], plain) is not None:
        last = gone
    else:
        return None
    if not last:
        return RuleAnswer(_say(lang, "nothing_seen"))
    when = when_was(log, last[0].at, now, lang, earlier=False)
    return RuleAnswer(_say(lang, "seen", when=when, things=things(last, lang)), last[0].at)


def _when(line: Event, log: EventLog, now: float, lang: Language) -> str:
    return when_was(log, line.at, now, lang, earlier=line.earlier)


def _found(patterns: Sequence[str], plain: str) -> re.Match[str] | None:
    return next((found for pattern in patterns if (found := re.search(pattern, plain))), None)


def _say(lang: Language, key: str, **values: str) -> str:
    return str(lang.table["past"]["say"][key]).format(**values)
