"""Keeps account of a rolling context: which tokens belong to what, and what is evicted when it is full.

The ledger mirrors a `KVCache` token by token. It decides about evictions; the caller cuts the cache and writes the
dropped entries to the event log. Pictures and scenes are evicted first, then sound, then whole turns, oldest first;
never a part of an entry, a pinned one, or the open turn. The low-water mark makes evictions rare.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal

from dialogue.engine import ContextUse
from dialogue.errors import BadInput

Kind = Literal["system", "recap", "scene", "picture", "sound", "text", "reply"]

# Kinds that are evicted one by one, the cheapest loss first. All others are words, evicted as whole turns. A "scene" is
# a picture in words.
_LOOSE: dict[Kind, int] = {"scene": 0, "picture": 0, "sound": 1}


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One block in the context: `tokens` tokens, said or seen from `start` to `end`, in turn `turn`.

    An entry of higher `priority` is evicted later than others of its class; a `pinned` one never. `note` is its text
    in the event log after eviction, `source` the number of its entry in the timeline.
    """

    kind: Kind
    tokens: int
    start: float
    end: float
    turn: int
    pinned: bool = False
    priority: int = 0
    note: str = ""
    source: int = -1


@dataclass(frozen=True, slots=True)
class Eviction:
    """An eviction: row spans to cut from the cache, the last span first, so that each is valid when it is cut."""

    cuts: tuple[tuple[int, int], ...] = ()
    dropped: tuple[LedgerEntry, ...] = ()


class RollingLedger:
    """The entries of one session in order, with at most `limit` tokens.

    When an addition would exceed `high`, entries are evicted until it fits in `low` tokens, or nothing is left to
    evict. The turn with the highest number is the open one.
    """

    def __init__(self, limit: int, high: int | None = None, low: int | None = None) -> None:
        self.limit = limit
        self.high = limit if high is None else high
        self.low = self.high * 3 // 4 if low is None else low
        assert 0 < self.low <= self.high <= self.limit, "0 < low <= high <= limit must hold."
        self.entries: list[LedgerEntry] = []
        self.dropped_tokens = 0
        self.dropped: Counter[str] = Counter()  # entries of each kind

    @property
    def tokens(self) -> int:
        """Tokens in the context now; equals the cache's length."""
        return sum(entry.tokens for entry in self.entries)

    @property
    def open_turn(self) -> int:
        return max((entry.turn for entry in self.entries), default=0)

    def by_kind(self) -> dict[str, int]:
        """Tokens of each kind present, for the page's meter."""
        totals: dict[str, int] = {}
        for entry in self.entries:
            totals[entry.kind] = totals.get(entry.kind, 0) + entry.tokens
        return totals

    @property
    def dropped_entries(self) -> int:
        return self.dropped.total()

    def use(self) -> ContextUse:
        """The state of the context, for the page's meter."""
        blocks = tuple((entry.kind, entry.tokens) for entry in self.entries)
        return ContextUse(self.by_kind(), self.limit, self.dropped_entries, blocks, dict(self.dropped))

    def make_room(self, tokens: int, turn: int | None = None) -> Eviction:
        """Evicts what is necessary before `tokens` more arrive for `turn` (default: the open one).

        Raises BadInput, and changes nothing, if the new tokens and those that may not be evicted exceed the limit.
        """
        present = self.tokens
        if present + tokens <= self.high:
            return Eviction()
        turn = max(self.open_turn, turn or 0)
        leaving: set[int] = set()
        for group in self._candidates(turn):
            if present + tokens <= self.low:
                break
            leaving |= group
            present -= sum(self.entries[index].tokens for index in group)
        if present + tokens > self.limit:
            raise BadInput(
                f"This turn needs {present + tokens} tokens and the context has {self.limit}; "
                "use a shorter message or a larger context."
            )
        return self._drop(leaving)

    def add(self, entry: LedgerEntry) -> None:
        """Adds an entry whose tokens have been appended to the cache. Call `make_room` first."""
        assert self.tokens + entry.tokens <= self.limit, "call make_room first"
        self.entries.append(entry)

    def extend(self, tokens: int, end: float) -> None:
        """Extends the last entry by `tokens` (a reply, token by token)."""
        last = self.entries[-1]
        assert self.tokens + tokens <= self.limit, "call make_room first"
        self.entries[-1] = replace(last, tokens=last.tokens + tokens, end=end)

    def annotate(self, note: str, start: float, end: float) -> None:
        """Sets the note and the times of the last entry."""
        self.entries[-1] = replace(self.entries[-1], note=note, start=start, end=end)

    def put_recap(self, tokens: int, at: int) -> tuple[int, int]:
        """Replaces the recap by one of `tokens` tokens after the first `at`; returns the old one's span, to be cut from
        the cache."""
        old = sum(entry.tokens for entry in self.entries if entry.kind == "recap")
        self.entries = [entry for entry in self.entries if entry.kind != "recap"]
        place, begun = 0, 0
        while begun + self.entries[place].tokens <= at:
            begun += self.entries[place].tokens
            place += 1
        entry = self.entries[place]
        recap = LedgerEntry("recap", tokens, 0.0, 0.0, entry.turn, pinned=True)
        parts = replace(entry, tokens=at - begun), recap, replace(entry, tokens=entry.tokens - (at - begun))
        self.entries[place : place + 1] = [part for part in parts if part.tokens]
        return at, at + old

    def rewind(self, length: int) -> None:
        """Keeps the first `length` tokens; an entry that contains the boundary is shortened, later ones are removed."""
        assert 0 <= length <= self.tokens, f"Cannot rewind to {length}: the context has {self.tokens} tokens."
        surplus = self.tokens - length
        while surplus:
            last = self.entries.pop()
            if last.tokens > surplus:
                self.entries.append(replace(last, tokens=last.tokens - surplus))
            surplus -= min(surplus, last.tokens)

    def _candidates(self, open_turn: int) -> Iterable[set[int]]:
        """Groups of entries (by index) that are evicted together, in the order of eviction."""
        free = [i for i, entry in enumerate(self.entries) if not entry.pinned and entry.turn < open_turn]
        loose = [i for i in free if self.entries[i].kind in _LOOSE]
        loose.sort(key=lambda i: (_LOOSE[self.entries[i].kind], self.entries[i].priority, i))
        yield from ({i} for i in loose)
        turns: dict[int, set[int]] = {}
        for i in free:
            if self.entries[i].kind not in _LOOSE:
                turns.setdefault(self.entries[i].turn, set()).add(i)
        yield from sorted(turns.values(), key=lambda turn: (max(self.entries[i].priority for i in turn), min(turn)))

    def _drop(self, leaving: set[int]) -> Eviction:
        ends = list(accumulate(entry.tokens for entry in self.entries))
        cuts: list[tuple[int, int]] = []
        for index in sorted(leaving):
            start, end = ends[index] - self.entries[index].tokens, ends[index]
            if cuts and cuts[-1][1] == start:
                start = cuts.pop()[0]
            cuts.append((start, end))
        dropped = tuple(self.entries[index] for index in sorted(leaving))
        self.entries = [entry for index, entry in enumerate(self.entries) if index not in leaving]
        self.dropped_tokens += sum(entry.tokens for entry in dropped)
        self.dropped.update(entry.kind for entry in dropped)
        return Eviction(tuple(reversed(cuts)), dropped)
