"""The blocks of one call as turns of a chat with pictures, kept within a token limit.

Old pictures are evicted first, then the oldest turns as a whole; the current turn stays, with its newest picture. Runs
on the event loop: it uses token counts and no model.
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
from dialogue.llm.rolling_ledger import LedgerEntry
from dialogue.minicpm.chat.conversation import HistoryTurn
from dialogue.minicpm.chat.request import EncodedPicture

SMALLEST_CONTEXT = 3072  # a system message, a finely sliced picture, a long question and an answer
TURN_OVERHEAD = 24  # tokens around the content of a turn

Shorten = Callable[[str, int], tuple[str, int]]  # text, token limit -> text that fits, its number of tokens


@dataclass(frozen=True, slots=True, eq=False)
class HistoryEntry:
    """One block. `turn` counts the user's turns; `tokens` is an upper bound. An evicted picture keeps its entry, so
    that marks stay valid. A reply is `heard` once a ReplyBlock confirms it."""

    kind: Literal["picture", "text", "reply"]
    turn: int
    tokens: int
    text: str = ""
    picture: EncodedPicture | None = None
    heard: bool = True
    start: float = 0.0
    end: float = 0.0


class ChatHistory:
    """The history of one session. Positions count the entries since the start, dropped ones included."""

    def __init__(self, limit: int, shorten: Shorten, system: str) -> None:
        if limit < SMALLEST_CONTEXT:
            raise BadInput(f"A context of {limit} tokens is too small; choose at least {SMALLEST_CONTEXT} tokens.")
        self.limit, self._shorten = limit, shorten
        self._entries: list[HistoryEntry] = []
        self._dropped = 0
        self._evicted: list[HistoryEntry] = []  # by the last `make_room`
        self._evicted_kinds: Counter[str] = Counter()  # all evicted entries by kind, for the context meter
        self.instruct(system)

    def instruct(self, system: str) -> None:
        """Set the system instruction, which is never dropped. Raises BadInput if it is too long."""
        fitting, tokens = self._shorten(system, self.limit // 8)
        if fitting != system:
            raise BadInput(f"The instruction takes more than {self.limit // 8} tokens of context; shorten it.")
        self._system, self._system_tokens = system, tokens + TURN_OVERHEAD

    @property
    def dropped(self) -> int:
        """The position at which the context starts."""
        return self._dropped

    @property
    def position(self) -> int:
        return self._dropped + len(self._entries)

    @property
    def asked(self) -> bool:
        """Whether the last entry is text of the user."""
        return bool(self._entries) and self._entries[-1].kind == "text"

    @property
    def begins_at(self) -> float:
        """Session time of the oldest text that is still in the context."""
        return next((entry.start for entry in self._entries if entry.kind != "picture"), 0.0)

    @property
    def last_words(self) -> HistoryEntry | None:
        """The text of the user that awaits an answer."""
        return self._entries[-1] if self.asked else None

    def show(self, picture: EncodedPicture, tokens: int, at: float = 0.0) -> None:
        """Add a picture of the user's turn."""
        turn = self._turn() + (not self._turn_open())
        self._entries.append(HistoryEntry("picture", turn, tokens, picture=picture, start=at, end=at))

    def said(self, block: TextBlock) -> None:
        """Add the user's text; very long text keeps its beginning and its end."""
        text, tokens = self._shorten(block.text, self.limit // 4)
        turn = self._turn() + (not self._turn_open())
        self._entries.append(HistoryEntry("text", turn, tokens + TURN_OVERHEAD, text, start=block.start, end=block.end))

    def replying(self, text: str, tokens: int) -> None:
        """Set the reply generated so far, which the user is not confirmed to have heard."""
        self._forget_unheard()
        self._entries.append(HistoryEntry("reply", self._turn(), tokens + TURN_OVERHEAD, text, heard=False))

    def replied(self, block: ReplyBlock) -> None:
        """Replace the unconfirmed reply with the text that was heard; an empty text removes it."""
        self._forget_unheard()
        if block.text.strip():
            text, tokens = self._shorten(block.text, self.limit // 4)
            entry = HistoryEntry("reply", self._turn(), tokens + TURN_OVERHEAD, text, start=block.start, end=block.end)
            self._entries.append(entry)

    def rewind(self, position: int) -> None:
        """Return to an earlier position."""
        assert self._dropped <= position <= self.position, (
            f"position {position} is not between {self._dropped} and {self.position}"
        )
        del self._entries[position - self._dropped :]

    def make_room(self, tokens: int) -> tuple[LedgerEntry, ...]:
        """Evict entries until `tokens` more fit, and a quarter of the limit beyond, since the rest of the context has
        to be computed again. Returns the evicted entries."""
        self._evicted.clear()
        if self._used() + tokens > self.limit:
            self._evict(tokens)
        return tuple(
            LedgerEntry(e.kind, e.tokens, e.start, e.end, e.turn, note=e.text or "shown") for e in self._evicted
        )

    def _evict(self, tokens: int) -> None:
        target = self.limit * 3 // 4 - tokens
        current = self._turn()
        for index in self._pictures(lambda entry: entry.turn < current):
            if self._used() > target:
                self._evict_picture(index)
        while self._used() > target and self._entries[0].turn < current:
            self._drop_turn()
        for index in list(self._pictures(lambda entry: True))[:-1]:
            if self._used() + tokens > self.limit:
                self._evict_picture(index)

    def turns(self) -> list[HistoryTurn]:
        """Turns for the model's format: pictures and text of the user without a reply between them are one turn."""
        turns = [HistoryTurn("system", (self._system,))] if self._system else []
        here = [entry for entry in self._entries if entry.kind != "picture" or entry.picture is not None]
        for reply, entries in groupby(here, lambda entry: entry.kind == "reply"):
            parts = [entry.picture if entry.picture is not None else entry.text for entry in entries]
            turns.append(HistoryTurn("assistant" if reply else "user", parts))
        return turns

    def use(self) -> ContextUse:
        """Tokens by kind of block, for the page's context meter."""
        tokens = {"system": self._system_tokens, "text": 0, "picture": 0, "reply": 0}
        for entry in self._entries:
            tokens[entry.kind] += entry.tokens
        shown = [(entry.kind, entry.tokens) for entry in self._entries if entry.tokens]
        blocks = (("system", self._system_tokens), *shown)
        return ContextUse(tokens, self.limit, self._evicted_kinds.total(), blocks, dict(self._evicted_kinds))

    def _forget_unheard(self) -> None:
        if self._entries and not self._entries[-1].heard:
            self._entries.pop()

    def _turn(self) -> int:
        return self._entries[-1].turn if self._entries else 0

    def _turn_open(self) -> bool:
        """Whether the user's turn has only pictures so far."""
        return bool(self._entries) and self._entries[-1].kind == "picture"

    def _used(self) -> int:
        return self._system_tokens + sum(entry.tokens for entry in self._entries)

    def _pictures(self, wanted: Callable[[HistoryEntry], bool]) -> Iterator[int]:
        """Indices of pictures in the context that fulfil `wanted`, oldest first."""
        for index, entry in enumerate(self._entries):
            if entry.picture is not None and wanted(entry):
                yield index

    def _evict_picture(self, index: int) -> None:
        self._evicted.append(self._entries[index])
        self._entries[index] = replace(self._entries[index], picture=None, tokens=0)
        self._evicted_kinds["picture"] += 1

    def _drop_turn(self) -> None:
        first = self._entries[0].turn
        self._drop(sum(entry.turn == first for entry in self._entries))

    def _drop(self, count: int) -> None:
        evicted = self._entries[:count]
        del self._entries[:count]
        self._dropped += count
        evicted = [entry for entry in evicted if entry.kind != "picture" or entry.picture is not None]
        self._evicted += evicted
        self._evicted_kinds.update(entry.kind for entry in evicted)
