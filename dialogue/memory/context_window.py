"""Which entries of a timeline are in a model's context: the rolling ledger decides what leaves it.

One for every engine: pictures and scenes leave first, then sound, then whole turns, oldest first; the open turn, the
standing instruction and the newest keyframe of each kind stay. Counts tokens with a given function; holds no tensors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from dialogue.blocks import PictureBlock, ReplyBlock, SoundBlock, TextBlock, ToolBlock, TranscriptBlock
from dialogue.engine import ContextUse
from dialogue.errors import BadInput
from dialogue.llm.rolling_ledger import Eviction, Kind, LedgerEntry, RollingLedger
from dialogue.memory.keyframes import Keyframe
from dialogue.memory.timeline import Entry, Timeline


class ContextWindow:
    """The window of one model onto one timeline. `cost` counts the tokens that an entry adds to the context, once.
    Without `scenes`, keyframes stay out of it."""

    def __init__(self, timeline: Timeline, cost: Callable[[Entry], int], *, scenes: bool = True) -> None:
        self.timeline, self._cost = timeline, cost
        self._outside = TranscriptBlock if scenes else TranscriptBlock | Keyframe
        self._costs: dict[int, int] = {}
        self._left: set[int] = set()
        self.left: Counter[str] = Counter()  # entries that have left, by kind

    @property
    def entries(self) -> list[Entry]:
        """Those in the context, oldest first. Transcripts are not: the model has the sound itself."""
        return [
            entry
            for entry in self.timeline.entries
            if entry.number not in self._left and not isinstance(entry.content, self._outside)
        ]

    def tokens(self, entry: Entry) -> int:
        """The tokens that an entry adds to the context."""
        if entry.number not in self._costs:
            self._costs[entry.number] = self._cost(entry)
        return self._costs[entry.number]

    def ledger(self, standing: Sequence[LedgerEntry], open_turn: int | None = None) -> list[LedgerEntry]:
        """The content of the context in order, after the `standing` entries."""
        turn = self.timeline.open_turn if open_turn is None else open_turn
        return [*standing, *self._listed(turn)]

    def make_room(
        self, tokens: int, limit: int, low: int, standing: Sequence[LedgerEntry], open_turn: int | None = None
    ) -> Eviction:
        """Evicts entries until `tokens` more fit in `limit`, down to `low` once it is full. The caller cuts the spans
        from the cache, in order. Raises BadInput where what must stay is too long."""
        turn = self.timeline.open_turn if open_turn is None else open_turn
        eviction = self._evicted(tokens, turn, RollingLedger(limit, low=low), standing)
        gone = {entry.source for entry in eviction.dropped}
        self.left.update(entry.kind for entry in eviction.dropped)
        self._left |= gone
        self.timeline.drop(gone)
        held = self.entries
        self.timeline.trim(held[0].number if held else self.timeline.position)
        here = {entry.number for entry in self.timeline.entries}
        self._left &= here
        self._costs = {number: cost for number, cost in self._costs.items() if number in here}
        return eviction

    def _evicted(self, tokens: int, turn: int, ledger: RollingLedger, standing: Sequence[LedgerEntry]) -> Eviction:
        """What leaves; where that is not enough, pictures of the open turn too, except the newest one."""
        ledger.entries += self.ledger(standing, turn)
        try:
            return ledger.make_room(tokens, turn)
        except BadInput:
            newest = max((e.source for e in ledger.entries if e.kind == "picture"), default=-1)
            ledger.entries = [
                replace(entry, turn=0) if entry.kind == "picture" and entry.source != newest else entry
                for entry in ledger.entries
            ]
            ledger.low = ledger.limit
            return ledger.make_room(tokens, turn)

    def use(self, standing: Sequence[LedgerEntry], limit: int, partial: int = 0) -> ContextUse:
        """For the page's meter; `partial` are the tokens of the words so far."""
        blocks: list[tuple[str, int]] = [(entry.kind, entry.tokens) for entry in self.ledger(standing)]
        if partial:
            blocks.append(("partial", partial))
        tokens: Counter[str] = Counter()
        for kind, count in blocks:
            tokens[kind] += count
        return ContextUse(dict(tokens), limit, self.left.total(), tuple(blocks), dict(self.left))

    def _listed(self, open_turn: int) -> Iterator[LedgerEntry]:
        newest: dict[str, int] = {}
        for entry in self.entries:
            if isinstance(entry.content, Keyframe):
                newest[entry.content.kind] = entry.number
        for entry in self.entries:
            turn = entry.turn
            if isinstance(entry.content, Keyframe):
                turn = open_turn if newest[entry.content.kind] == entry.number else 0
            start, end = entry.span
            yield LedgerEntry(
                kind_of(entry), self.tokens(entry), start, end, turn, note=note_of(entry), source=entry.number
            )


def kind_of(entry: Entry) -> Kind:
    """The ledger's name for it."""
    match entry.content:
        case TextBlock() | TranscriptBlock():
            return "text"
        case ReplyBlock() | ToolBlock():
            return "reply"
        case Keyframe():
            return "scene"
        case PictureBlock():
            return "picture"
        case SoundBlock():
            return "sound"


def note_of(entry: Entry) -> str:
    """What the event log says once it has left the context; empty where nothing was said."""
    match entry.content:
        case TextBlock(text) | ReplyBlock(text) | TranscriptBlock(text):
            return text
        case Keyframe(kind, facts):
            return f"{kind}: " + ", ".join(fact.text or fact.label for fact in facts) if facts else f"{kind}: nothing"
        case PictureBlock():
            return "shown"
        case SoundBlock():
            return "heard"
        case ToolBlock():
            return ""
