"""Answers by rule what a 135M model would invent: itself, the clock, sums, earlier turns, unknown facts.

None leaves the turn to the model. Pure, given a clock and a history.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from dialogue.memory.history import History
from dialogue.rules.small_talk_patterns import TalkKind, matched
from dialogue.text import arithmetic
from dialogue.text.dates import days_in
from dialogue.text.grammar import listed, number_of, number_word, sentence
from dialogue.text.plain_words import core, sentences
from dialogue.text.scene_phrases import quoted

Clock = Callable[[], datetime]

# Longer sentences and texts are not small talk.
_LONGEST_WORDS, _LONGEST_TEXT = 16, 500
_COUNTS_TO = 20
_AFTER_ANYTHING = frozenset({"what"})  # "something is missing. What?" asks for no repetition
_MOST_WORDS_BACK = 30
_TODAY = re.compile(r"\b(?:today|todays|now|are we in|do we have)\b")

_NAME = re.compile(
    r"\bmy name(?: is|'s) ([a-z][\w'-]{0,30})|\b(?:call me|i am called) ([a-z][\w'-]{0,30})", re.IGNORECASE
)


def small_talk(
    text: str,
    clock: Clock,
    history: History,
    seed: int = 0,
    kinds: frozenset[TalkKind] | None = None,
    texts: Sequence[str] = (),
) -> str | None:
    """The answer by rule to what the user said, or None. `history` holds the turns before this one, `texts` what is
    read in view: "which day is it?" may ask for the day that is written there.

    `kinds` limits the rules to these kinds of small talk; a model answers the others, and other languages. Sums are
    always answered by rule.
    """
    if kinds is None and _foreign(text):
        return "I'm sorry, I only understand English."
    said_words = sentences(text[-_LONGEST_TEXT:])
    for words in reversed(said_words):
        if len(words.split()) > _LONGEST_WORDS or (words in _AFTER_ANYTHING and len(said_words) > 1):
            continue
        if (talk := matched(words, kinds)) is not None:
            kind, found = talk
            said = _said(kind, found, clock, history, seed)
            written = days_in(texts) if kind == "date" and not _TODAY.search(words) else []
            return f"It says {listed(list(map(quoted, written)))}. {said}" if written else said
        if (value := arithmetic.result(core(words))) is not None:
            return sentence(f"that is {value}")
    return None


def _foreign(text: str) -> bool:
    """Whether most letters are outside the English alphabet."""
    alphabetic = [character for character in text[-_LONGEST_TEXT:] if character.isalpha()]
    return sum(not character.isascii() for character in alphabetic) > len(alphabetic) / 2


def _said(kind: TalkKind, found: re.Match[str], clock: Clock, history: History, seed: int) -> str | None:
    match kind:
        case "time":
            return time_of(clock())
        case "date":
            now = clock()
            return f"Today is {now:%A}, {now:%B} {now.day}, {now.year}."
        case "again":
            last = history.last_reply()
            return f"I said: {last.text}" if last else "I haven't said anything yet."
        case "what I said" | "first said":
            return _your_words(history, first=kind == "first said")
        case "recap":
            return _recap(history)
        case "my name":
            return _my_name(history)
        case "named":
            return f"Nice to meet you, {(found['name'] or found['called']).capitalize()}."
        case "count up":
            return _count_to(number_of(found["to"]))
        case _:
            wordings = _WORDINGS[kind]
            return wordings[seed % len(wordings)]


def time_of(now: datetime) -> str:
    """The time of day as it is spoken."""
    hour = number_word(now.hour % 12 or 12)
    part = "in the morning" if now.hour < 12 else "in the afternoon" if now.hour < 18 else "in the evening"
    minute = "o'clock" if now.minute == 0 else f"{'oh ' if now.minute < 10 else ''}{number_word(now.minute)}"
    return f"It's {hour} {minute} {part}."


def _your_words(history: History, *, first: bool) -> str:
    said = history.user_texts()
    if not said:
        return "You haven't said anything before that."
    return f"The first thing I remember is: {_short(said[0])}" if first else f"You said: {_short(said[-1])}"


def _recap(history: History) -> str:
    said = history.user_texts()
    if not said:
        return "We have only just begun."
    lately = sentence("lately you said: " + "; ".join(_short(text).rstrip(".?!") for text in said[-3:]))
    last = history.last_reply()
    return f"{lately} I last said: {last.text}" if last else lately


def _short(text: str) -> str:
    """The text as it is repeated aloud: the beginning of a long one."""
    words = text.split()
    return " ".join(words[:_MOST_WORDS_BACK]) + (" and so on" if len(words) > _MOST_WORDS_BACK else "")


def _my_name(history: History) -> str:
    names = (name for text in reversed(history.user_texts()) if (name := name_given(text)))
    name = next(names, None)
    return f"You told me that your name is {name}." if name else "You haven't told me your name."


def name_given(text: str) -> str | None:
    """The name that a user gives for themselves in these words."""
    found = _NAME.search(text)
    return (found[1] or found[2]).capitalize() if found else None


def _count_to(last: int | None) -> str | None:
    if last is None or not 1 < last <= _COUNTS_TO:
        return None
    return sentence(", ".join(number_word(number) for number in range(1, last + 1)))


_WORDINGS: dict[TalkKind, tuple[str, ...]] = {
    "hello": ("Hello! What can I do for you?", "Hi there! How can I help?"),
    "how are you": ("I'm doing well, thank you. And you?", "Fine, thanks! What would you like to know?"),
    # A fixed answer, because a model of this size may be hurtful here.
    "danger": (
        "I'm really sorry that you feel like this. Please talk to someone you trust now, or call the emergency number.",
    ),
    "grief": ("I'm very sorry to hear that. Would you like to talk about it?", "I'm so sorry. That must be hard."),
    "fine": ("Glad to hear that.", "That's good."),
    "nice to meet you": ("Nice to meet you too.", "It's a pleasure."),
    "who are you": (
        "I'm Omni, a voice assistant that runs on your own computer. I hear you, and I see through your camera.",
        "My name is Omni. I'm a small assistant that runs on this machine.",
    ),
    "what are you": (
        "I'm a computer program, not a person.",
        "No person, I'm afraid: I'm a small program on your computer.",
    ),
    "your origin": (
        "I'm omnilive, an open-source assistant put together from small models. I live on your computer.",
        "I'm an open-source program on this machine, built from several small models.",
    ),
    "your powers": (
        "I can tell you what the camera shows, read text aloud, count people and things, and chat a little.",
        "I see through your camera: ask me what is there, how many, where, what colour, or what a sign says.",
    ),
    "hearing": ("Yes, I can hear you.", "I hear you well."),
    "goodbye": ("Goodbye!", "Bye! It was nice talking to you."),
    "thanks": ("You're welcome.", "My pleasure.", "Glad to help."),
    "stop": ("Okay.", "Alright."),
    "sorry": ("No problem.", "That's alright."),
    "noted": ("Okay.", "Alright."),
    "personal": ("I don't know that about you; you haven't told me.", "You haven't told me, so I can't know."),
    "the world": (
        "I can't look that up: I run on this computer without the internet.",
        "I don't know; I have no connection to the outside world.",
    ),
    "not a servant": ("I can't do that. I only see, hear and talk.", "That is beyond me: I only see, hear and talk."),
}
