"""The blocks of one call as turns of a chat with pictures, kept within a number of tokens.

Old pictures leave first, then the oldest turns, whole; the turn that is going on stays, with its newest picture. Runs
on the event loop: knows no model, only how many tokens a thing takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.engine import ContextUse
from dialogue.errors import BadInput
from dialogue.llm.rolling_ledger import LedgerEntry as Gone
from dialogue.minicpm.chat.conversation import HistoryTurn
from dialogue.minicpm.chat.request import EncodedPicture

SMALLEST_CONTEXT = 3072  # a system message, a finely cut picture, a long question and an answer
FRAME = 24  # tokens around a turn: whose it is, where it ends

Shorten = Callable[[str, int], tuple[str, int]]  # text, most tokens -> text that fits, its tokens


@dataclass(frozen=True, slots=True, eq=False)
class HistoryEntry:
    """One block. `turn` counts the user's turns; `tokens` is what it takes at most. A picture that has left keeps
    its place, so that marks stay good. A reply is `heard` once a ReplyBlock said so."""

    kind: Literal["picture", "text", "reply"]
    turn: int
    tokens: int
    text: str = ""
    picture: EncodedPicture | None = None
    heard: bool = True
    start: float = 0.0
    end: float = 0.0


class ChatHistory:
    """One session's. Positions count the entries since the beginning, dropped ones included."""

    def __init__(self, limit: int, shorten: Shorten, system: str) -> None:
        if limit < SMALLEST_CONTEXT:
            raise BadInput(f"A context of {limit} tokens is too small; choose at least {SMALLEST_CONTEXT}.")
        self.limit, self._shorten = limit, shorten
        self._entries: list[HistoryEntry] = []
        self._dropped = 0
        self._gone: list[HistoryEntry] = []  # by the last making of room
        self._left: Counter[str] = Counter()  # pictures and entries that were dropped, for the meter
        self.instruct(system)

    def instruct(self, system: str) -> None:
        """The standing instruction: first, and never dropped. Raises BadInput if it is too long."""
        fitting, tokens = self._shorten(system, self.limit // 8)
        if fitting != system:
            raise BadInput(f"The instruction takes more than {self.limit // 8} tokens of context; shorten it.")
        self._system, self._system_tokens = system, tokens + FRAME

    @property
    def dropped(self) -> int:
        """The position at which the context begins."""
        return self._dropped

    @property
    def position(self) -> int:
        return self._dropped + len(self._entries)

    @property
    def asked(self) -> bool:
        """Whether the user had the last word."""
        return bool(self._entries) and self._entries[-1].kind == "text"

    @property
    def begins_at(self) -> float:
        """When the oldest words that are still in the context were said; what is older is remembered elsewhere."""
        return next((entry.start for entry in self._entries if entry.kind != "picture"), 0.0)

    @property
    def last_words(self) -> HistoryEntry | None:
        """The words that are to be answered."""
        return self._entries[-1] if self.asked else None

    def show(self, picture: EncodedPicture, tokens: int, at: float = 0.0) -> None:
        """Something to be seen, before or after words of the same turn."""
        turn = self._turn() + (not self._turn_open())
        self._entries.append(HistoryEntry("picture", turn, tokens, picture=picture, start=at, end=at))

    def said(self, block: TextBlock) -> None:
        """The user's words; of very long ones the beginning and the end are kept."""
        text, tokens = self._shorten(block.text, self.limit // 4)
        turn = self._turn() + (not self._turn_open())
        self._entries.append(HistoryEntry("text", turn, tokens + FRAME, text, start=block.start, end=block.end))

    def replying(self, text: str, tokens: int) -> None:
        """What has been said so far of a reply that nobody has confirmed to have heard."""
        self._forget_unheard()
        self._entries.append(HistoryEntry("reply", self._turn(), tokens + FRAME, text, heard=False))

    def replied(self, block: ReplyBlock) -> None:
        """What was heard; takes the place of the unconfirmed reply. Nothing heard leaves nothing."""
        self._forget_unheard()
        if block.text.strip():
            text, tokens = self._shorten(block.text, self.limit // 4)
            entry = HistoryEntry("reply", self._turn(), tokens + FRAME, text, start=block.start, end=block.end)
            self._entries.append(entry)

    def rewind(self, position: int) -> None:
        """Back to an earlier position."""
        assert self._dropped <= position <= self.position, f"no way back from {self.position} to {position}"
        del self._entries[position - self._dropped :]

    def make_room(self, tokens: int) -> tuple[Gone, ...]:
        """Let go of so much that `tokens` more fit, and then of a quarter more, so that it is seldom done: what is
        left has to be computed anew. Returns what has left."""
        self._gone.clear()
        if self._used() + tokens > self.limit:
            self._let_go(tokens)
        return tuple(Gone(e.kind, e.tokens, e.start, e.end, e.turn, note=e.text or "shown") for e in self._gone)

    def _let_go(self, tokens: int) -> None:
        target = self.limit * 3 // 4 - tokens
        current = self._turn()
        for index in self._pictures(lambda entry: entry.turn < current):
            if self._used() > target:
                self._hide(index)
        while self._used() > target and self._entries[0].turn < current:
            self._drop_turn()
        for index in list(self._pictures(lambda entry: True))[:-1]:
            if self._used() + tokens > self.limit:
                self._hide(index)

    def turns(self) -> list[HistoryTurn]:
        """As the model's own format wants them: what the user showed and said without an answer is one turn."""
        turns = [HistoryTurn("system", (self._system,))] if self._system else []
        here = [entry for entry in self._entries if entry.kind != "picture" or entry.picture is not None]
        for reply, entries in groupby(here, lambda entry: entry.kind == "reply"):
            parts = [entry.picture if entry.picture is not None else entry.text for entry in entries]
            turns.append(HistoryTurn("assistant" if reply else "user", parts))
        return turns

    def use(self) -> ContextUse:
        """Tokens by kind of block, for the page's meter."""
        tokens = {"system": self._system_tokens, "text": 0, "picture": 0, "reply": 0}
        for entry in self._entries:
            tokens[entry.kind] += entry.tokens
        shown = [(entry.kind, entry.tokens) for entry in self._entries if entry.tokens]
        blocks = (("system", self._system_tokens), *shown)
        return ContextUse(tokens, self.limit, self._left.total(), blocks, dict(self._left))

    def _forget_unheard(self) -> None:
        if self._entries and not self._entries[-1].heard:
            self._entries.pop()

    def _turn(self) -> int:
        return self._entries[-1].turn if self._entries else 0

    def _turn_open(self) -> bool:
        """Whether the user's turn is still his: pictures only, so far."""
        return bool(self._entries) and self._entries[-1].kind == "picture"

    def _used(self) -> int:
        return self._system_tokens + sum(entry.tokens for entry in self._entries)

    def _pictures(self, wanted: Callable[[HistoryEntry], bool]) -> Iterator[int]:
        """Oldest first."""
        for index, entry in enumerate(self._entries):
            if entry.picture is not None and wanted(entry):
                yield index

    def _hide(self, index: int) -> None:
        self._gone.append(self._entries[index])
        self._entries[index] = replace(self._entries[index], picture=None, tokens=0)
        self._left["picture"] += 1

    def _drop_turn(self) -> None:
        first = self._entries[0].turn
        self._drop(sum(entry.turn == first for entry in self._entries))

    def _drop(self, count: int) -> None:
        gone = self._entries[:count]
        del self._entries[:count]
        self._dropped += count
        gone = [entry for entry in gone if entry.kind != "picture" or entry.picture is not None]
        self._gone += gone
        self._left.update(entry.kind for entry in gone)
