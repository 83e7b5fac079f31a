"""Answers requests about the memory itself: forgets on request, and says what it knows about the user.

By rule, because what is to be forgotten must be exactly that. Deleting much asks first. What is said about a request
repeats none of its words, since the replies are remembered as well. One per session; `MemoryTalk.answer` searches and
belongs off the event loop; the engine deletes the lines once the answer is certain to be given.
"""

from __future__ import annotations

from dataclasses import dataclass

from dialogue.languages.language import ENGLISH
from dialogue.memory.event_log import Event, EventKind, EventLog
from dialogue.memory.recap import is_personal
from dialogue.requests.memory_requests import MemoryRequest, memory_request
from dialogue.requests.memory_sentences import MemorySentences
from dialogue.rules.rule_answer import RuleAnswer
from dialogue.text.plain_words import plain

EVERY: tuple[EventKind, ...] = ("told", "asked", "said", "read", "seen", "left")
_OF_TURNS: tuple[EventKind, ...] = ("told", "asked", "said")
MOST_UNASKED = 3  # more lines are deleted after a question alone
MOST_SPOKEN = 3  # statements that are repeated at once


@dataclass(frozen=True, slots=True)
class MemoryAnswer:
    """`text` is said; `forget` are the lines to delete before that."""

    text: str
    forget: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Asked:
    """Our question that waits for its answer, and what a yes deletes."""

    text: str
    lines: frozenset[int]


class MemoryTalk:
    """`last_reply` is always what was heard of the reply before: our question counts if it was heard."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._asked: _Asked | None = None
        self._recalled: RuleAnswer | None = None

    def recalled(self, answer: RuleAnswer) -> None:
        """An answer repeats a line: "forget that" then means this line."""
        self._recalled = answer

    def request(self, text: str, last_reply: str, code: str = ENGLISH) -> MemoryRequest | None:
        """The request in the user's words in the language `code`; None for a yes or no that does not answer our
        question."""
        request = memory_request(text, code)
        if request is not None and request.kind in ("yes", "no"):
            return request if self._asked is not None and _heard(self._asked.text, last_reply) else None
        return request

    def answer(
        self, request: MemoryRequest, last_reply: str, now: float, own_line: int | None, code: str = ENGLISH
    ) -> MemoryAnswer:
        """The answer at session time `now`, in the language `code`; `own_line` is the line of the request itself.
        Blocking."""
        say = MemorySentences(code)
        own = frozenset() if own_line is None else frozenset({own_line})
        match request.kind:
            case "that":
                return self._forgotten(self._last(last_reply, own_line), own, say)
            case "about":
                return self._forget_about(request.about, own, say)
            case "call":
                lines = frozenset(event.number for event in self._log.events(*EVERY))
                return self._ask_first(lines, say("ask_call"))
            case "all":
                lines = frozenset(event.number for event in self._log.all_events(*EVERY))
                return self._ask_first(lines, f"{self._since() if code == ENGLISH else ''}{say('ask_all')}")
            case "known":
                return MemoryAnswer(self._known(now, own_line, say))
            case "kept":
                return MemoryAnswer(say("kept" if self._log.kept else "not_kept"))
            case "yes":
                assert self._asked is not None, "`request` lets a yes through only after a question"
                return self._forgotten(self._asked.lines, own, say)
            case "no":
                return MemoryAnswer(say("kept_no"))

    def _last(self, last_reply: str, own_line: int | None) -> frozenset[int]:
        """The line that the last reply repeated; else the last turn of the user with the reply to it."""
        turns = [event for event in self._log.events(*_OF_TURNS) if event.number != own_line]
        begin = max((place for place, event in enumerate(turns) if event.kind != "said"), default=len(turns))
        last = frozenset(event.number for event in turns[begin:])
        recalled = self._recalled
        if recalled is not None and recalled.line is not None and _heard(recalled.text, last_reply):
            return last | {recalled.line}
        return last

    def _forget_about(self, about: str, own: frozenset[int], say: MemorySentences) -> MemoryAnswer:
        groups = say.terms(about)
        if not groups:
            return MemoryAnswer(say("what"))
        found = frozenset.intersection(*(frozenset(self._log.with_word(group, *EVERY)) for group in groups)) - own
        if not found:
            return MemoryAnswer(say("none"), own)
        if len(found) > MOST_UNASKED:
            return self._ask_first(found | own, say("ask_many", count=say.counted(len(found))))
        return self._forgotten(found, own, say)

    def _forgotten(self, lines: frozenset[int], own: frozenset[int], say: MemorySentences) -> MemoryAnswer:
        if not lines - own:
            return MemoryAnswer(say("nothing"))
        return MemoryAnswer(say("done"), self._log.with_replies(lines) | own)

    def _ask_first(self, lines: frozenset[int], question: str) -> MemoryAnswer:
        self._asked = _Asked(question, lines)
        return MemoryAnswer(question)

    def _since(self) -> str:
        first = next(iter(self._log.all_events(*EVERY)), None) if self._log.kept else None
        moment = self._log.moment(first.at) if first is not None else None
        return f"I remember calls since {moment:%B} {moment.day}, {moment.year}. " if moment is not None else ""

    def _known(self, now: float, own_line: int | None, say: MemorySentences) -> str:
        statements: dict[str, Event] = {}
        for event in self._log.all_events("told"):
            if event.number != own_line and is_personal(event.text) and not say.is_request(event.text):
                statements[plain(event.text)] = event  # the newest of equal ones
        newest = sorted(statements.values(), key=lambda event: -event.at)
        if not newest:
            return say("known_nothing")
        said = [say.repeated(self._log, event, now) for event in newest[:MOST_SPOKEN]]
        if more := len(newest) - len(said):
            said.append(say.more(more, kept=self._log.kept))
        return say.joined(said)


def _heard(said: str, last_reply: str) -> bool:
    """Whether the last reply is `said`, or the beginning of it that was heard."""
    heard = last_reply.strip()
    return bool(heard) and said.startswith(heard)
