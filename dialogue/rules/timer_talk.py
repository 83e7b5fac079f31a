"""Timers by rule, for engines too small to call functions: "set a timer for five minutes", "remind me in ten minutes
to call Anna", "how long is left", "cancel the timer". The answer, or None when in doubt.

A sentence counts only as a whole, and only if what stands for a span of time is one.
"""

from __future__ import annotations

import re

from dialogue.errors import BadInput
from dialogue.text.grammar import listed, sentence
from dialogue.text.plain_words import core, sentences
from dialogue.text.time_words import seconds_in, span
from dialogue.tools.built_in_tools import timer_words
from dialogue.tools.toolbox import Reminder, Reminding

_LONGEST_TEXT, _LONGEST_WORDS = 500, 40
_MOST_TOLD = 3
_PLEASE = "(?:(?:can|could|would|will) you |please )*"
_SET = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_PLEASE}(?:set|start|make|give me|create|i need)(?: me)?(?: up)?(?: an?| the| another)? timer"
        r"(?: for| of)? (?P<span>.+)",
        rf"{_PLEASE}(?:set|start|make|give me|create|i need)(?: me)?(?: up)?(?: the| another)? (?P<span>.+) timer",
        r"timer(?: for)? (?P<span>.+)|(?P<short>.+) timer",
        rf"{_PLEASE}(?:remind|tell|call) me (?:again )?(?:in|after) (?P<when>.+?) (?:to|that|about|of) (?P<about>.+)",
        rf"{_PLEASE}remind me (?:to|that|about|of) (?P<about>.+) (?:in|after) (?P<when>.+)",
        rf"{_PLEASE}(?:remind me|wake me(?: up)?|tell me|let me know|call me) (?:in|after) (?P<span>.+)",
        rf"{_PLEASE}(?:tell me|let me know) when (?P<span>.+) (?:is|are|have|has)"
        r" (?:over|up|passed|gone(?: by)?|elapsed)",
    )
)
_OURS = "(?:timers?|reminders?|alarms?)"
_LEFT = re.compile(
    rf"(?:how (?:much )?(?:time|long|many (?:minutes|seconds|hours))|what) (?:is|are|do i have)(?: still)? left"
    rf"(?: (?:on|of|for) (?:the|my) {_OURS})?|how long (?:is|does) (?:the|my) {_OURS}(?: still)?(?: going to run"
    rf"| have| run)?|(?:what|which|are there any|do i have any|list|show)(?: me)?(?: all)?(?: the| my| of my)? {_OURS}"
    r"(?: do i have| are there| are (?:set|running|on)| have you set)?"
)
_CANCEL = re.compile(
    rf"{_PLEASE}(?:cancel|stop|delete|remove|turn off|switch off|clear|forget|end) (?P<all>all )?(?:of )?"
    rf"(?:the |my |that |this )?(?P<which>.+ )?(?P<what>{_OURS})"
)
_YOURS = {"my": "your", "me": "you", "i": "you", "mine": "yours", "myself": "yourself", "am": "are", "our": "your"}


def timer_answer(text: str, book: Reminding) -> str | None:
    """The answer to what the user said about timers, with the deed done; None if it is about something else."""
    for words in reversed(sentences(text[-_LONGEST_TEXT:])):
        if len(words.split()) > _LONGEST_WORDS:
            continue
        bare = core(words)
        if (wanted := _wanted(words) or _wanted(bare)) is not None:
            return _set(book, *wanted, text)
        if _LEFT.fullmatch(bare):
            return _left(book) if book.pending() or re.search(_OURS, bare) else None
        if found := _CANCEL.fullmatch(bare):
            return _cancelled(book, (found["which"] or "").strip(), bool(found["all"]) or found["what"].endswith("s"))
    return None


def _wanted(words: str) -> tuple[float, str] | None:
    """Seconds from now, and what to remind of, if anything."""
    for pattern in _SET:
        if found := pattern.fullmatch(words):
            named = found.groupdict()
            told = next(filter(None, (named.get(key) for key in ("span", "short", "when"))), "")
            seconds = seconds_in(told) or seconds_in(told.removeprefix("a "))  # "a ten minute timer"
            if seconds is not None:
                return seconds, named.get("about") or ""
    return None


def _set(book: Reminding, after_s: float, about: str, text: str) -> str:
    named, said_then = timer_words(after_s, _to_you(about, text))
    try:
        book.add(after_s, named, said_then)
    except BadInput as problem:
        return sentence(f"I can't: {problem}")
    return f"I'll remind you in {span(after_s)}: {named}." if about else f"Your timer for {span(after_s)} is set."


def _left(book: Reminding) -> str:
    pending = book.pending()
    if not pending:
        return "No timer is running."
    told = [f"{_named(each)} has {span(each.due - book.now())} left" for each in pending[:_MOST_TOLD]]
    more = [f"there are {len(pending) - _MOST_TOLD} more"] if len(pending) > _MOST_TOLD else []
    return sentence(listed([*told, *more]))


def _cancelled(book: Reminding, which: str, every: bool) -> str:
    pending = book.pending()
    fitting = [each for each in pending if _fits(each, which)] if which else list(pending)
    if not pending:
        return "No timer is running."
    if not fitting:
        return f"I have no such timer. {_left(book)}"
    if len(fitting) > 1 and not every:
        return f"{_left(book)} Which one shall I cancel? You can also say: cancel all timers."
    for each in fitting:
        book.cancel(each.number)
    return sentence(f"{listed([_named(each) for each in fitting])} {'is' if len(fitting) == 1 else 'are'} cancelled")


def _fits(reminder: Reminder, which: str) -> bool:
    """ "five minute" fits the timer for five minutes, "tea" the reminder to make tea."""
    seconds = seconds_in(which) or seconds_in(f"{which}s")
    return reminder.about == timer_words(seconds, "")[0] if seconds else which in reminder.about.lower()


def _named(reminder: Reminder) -> str:
    is_timer = reminder.about.startswith("timer for ")
    return f"the {reminder.about}" if is_timer else f"the reminder \u201c{reminder.about}\u201d"


def _to_you(about: str, text: str) -> str:
    """What to be reminded of, as said to the user; names keep their capitals where they can be found in `text`."""
    at = text.lower().find(about)
    words = (text[at : at + len(about)] if about and at >= 0 else about).split()
    return " ".join(_YOURS.get(word.lower(), word) for word in words)
