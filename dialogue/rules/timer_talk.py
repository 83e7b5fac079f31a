"""Sets and answers timers by rule, for engines without tool calls: "set a timer for five minutes", "remind me in ten
minutes to call Anna", "how long is left", "cancel the timer". None when in doubt.

Patterns match whole sentences, and the span of time must be valid.
"""

from __future__ import annotations

import re

from dialogue.errors import BadInput
from dialogue.text.grammar import listed, sentence
from dialogue.text.plain_words import core, sentences
from dialogue.text.time_words import seconds_in, span
from dialogue.tools.timer_tools import timer_words
from dialogue.tools.toolbox import Reminder, Reminders

_LONGEST_TEXT, _LONGEST_WORDS = 500, 40
_MOST_LISTED = 3
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
_TIMER = "(?:timers?|reminders?|alarms?)"
_LEFT = re.compile(
    rf"(?:how (?:much )?(?:time|long|many (?:minutes|seconds|hours))|what) (?:is|are|do i have)(?: still)? left"
    rf"(?: (?:on|of|for) (?:the|my) {_TIMER})?|how long (?:is|does) (?:the|my) {_TIMER}(?: still)?(?: going to run"
    rf"| have| run)?|(?:what|which|are there any|do i have any|list|show)(?: me)?(?: all)?(?: the| my| of my)? {_TIMER}"
    r"(?: do i have| are there| are (?:set|running|on)| have you set)?"
)
_CANCEL = re.compile(
    rf"{_PLEASE}(?:cancel|stop|delete|remove|turn off|switch off|clear|forget|end) (?P<all>all )?(?:of )?"
    rf"(?:the |my |that |this )?(?P<which>.+ )?(?P<what>{_TIMER})"
)
_YOURS = {"my": "your", "me": "you", "i": "you", "mine": "yours", "myself": "yourself", "am": "are", "our": "your"}


def timer_answer(text: str, book: Reminders) -> str | None:
    """Does what the user asks about timers and returns the answer; None if the text is about something else."""
    for words in reversed(sentences(text[-_LONGEST_TEXT:])):
        if len(words.split()) > _LONGEST_WORDS:
            continue
        bare = core(words)
        if (wanted := _wanted(words) or _wanted(bare)) is not None:
            return _set(book, *wanted, text)
        if _LEFT.fullmatch(bare):
            return _left(book) if book.pending() or re.search(_TIMER, bare) else None
        if found := _CANCEL.fullmatch(bare):
            return _cancelled(book, (found["which"] or "").strip(), bool(found["all"]) or found["what"].endswith("s"))
    return None


def _wanted(words: str) -> tuple[float, str] | None:
    """Seconds from now, and the subject of the reminder or ""."""
    for pattern in _SET:
        if found := pattern.fullmatch(words):
            named = found.groupdict()
            spoken = next(filter(None, (named.get(key) for key in ("span", "short", "when"))), "")
            seconds = seconds_in(spoken) or seconds_in(spoken.removeprefix("a "))  # "a ten minute timer"
            if seconds is not None:
                return seconds, named.get("about") or ""
    return None


def _set(book: Reminders, after_s: float, about: str, text: str) -> str:
    named, said_then = timer_words(after_s, _to_you(about, text))
    try:
        book.add(after_s, named, said_then)
    except BadInput as problem:
        return sentence(f"I can't: {problem}")
    return f"I'll remind you in {span(after_s)}: {named}." if about else f"Your timer for {span(after_s)} is set."


def _left(book: Reminders) -> str:
    pending = book.pending()
    if not pending:
        return "No timer is running."
    remaining = [f"{_named(each)} has {span(each.due - book.now())} left" for each in pending[:_MOST_LISTED]]
    more = [f"there are {len(pending) - _MOST_LISTED} more"] if len(pending) > _MOST_LISTED else []
    return sentence(listed([*remaining, *more]))


def _cancelled(book: Reminders, which: str, every: bool) -> str:
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
    """The subject of a reminder, addressed to the user; names keep their capitals if they occur in `text`."""
    at = text.lower().find(about)
    words = (text[at : at + len(about)] if about and at >= 0 else about).split()
    return " ".join(_YOURS.get(word.lower(), word) for word in words)
