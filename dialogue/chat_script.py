"""The turns of one conversation as tokens in order, and what of them should stand in the context.

Decides nothing but layout and, by the rolling ledger, what leaves a full context: whole turns, oldest first. Knows
no model and no cache; runs on the event loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dialogue.blocks import PartialBlock, ReplyBlock, TextBlock
from dialogue.chat_tokens import ChatTokens
from dialogue.engine import ContextUse
from dialogue.errors import BadInput
from dialogue.prompt import EXAMPLES, Piece, clean, closing, few_shot, opening, turn, veil_quotes
from dialogue.rolling_ledger import Entry, Eviction, RollingLedger

SMALLEST_CONTEXT = 768


@dataclass(frozen=True, slots=True)
class Turn:
    """One side's turn. A reply is `heard` once a ReplyBlock said what reached the user's ears."""

    kind: Literal["text", "reply"]
    text: str
    ids: tuple[int, ...]
    start: float
    end: float
    number: int
    heard: bool = True


class ChatScript:
    """One per session. Positions count the turns since the beginning, dropped ones included."""

    def __init__(self, tokens: ChatTokens, system: str, limit: int) -> None:
        if limit < SMALLEST_CONTEXT:
            raise BadInput(f"A context of {limit} tokens is too small; choose at least {SMALLEST_CONTEXT}.")
        self._tokens, self.limit = tokens, limit
        self.turns: list[Turn] = []
        self.dropped = 0
        self._open_reply = tokens.encode(opening("assistant"))
        self._partial: tuple[int, ...] = ()
        self.instruct(system)

    def instruct(self, system: str) -> None:
        """The standing instruction and the worked examples: first in the context, never dropped."""
        ids = self._tokens.encode(few_shot(system, EXAMPLES))
        if len(ids) > self.limit * 3 // 8:
            raise BadInput(f"The instruction takes {len(ids)} of {self.limit} tokens of context; shorten it.")
        self.system = tuple(ids)

    @property
    def position(self) -> int:
        return self.dropped + len(self.turns)

    @property
    def number(self) -> int:
        """How many times the user has had the floor."""
        return self.turns[-1].number if self.turns else 0

    def overhear(self, block: PartialBlock) -> None:
        """What the user has said so far; the turn stays open."""
        words = self._shortened(self._tokens.encode([Piece(clean(block.text))]))
        self._partial = (*self._tokens.encode(opening("user")), *words)

    def said(self, block: TextBlock) -> None:
        """The user's turn is over."""
        words = self._shortened(self._tokens.encode([Piece(clean(block.text))]))
        ids = (*self._tokens.encode(opening("user")), *words, *self._tokens.encode(closing()))
        self._partial = ()
        self.turns.append(Turn("text", block.text, ids, block.start, block.end, self.number + 1))

    def replying(self, text: str) -> None:
        """What has been said so far of a reply that nobody has confirmed to have heard."""
        if self.turns and not self.turns[-1].heard:
            self.turns.pop()
        at = self.turns[-1].end if self.turns else 0.0
        self.turns.append(Turn("reply", text, self._reply_ids(text), at, at, self.number, heard=False))

    def replied(self, block: ReplyBlock) -> None:
        """What was heard of a reply; takes the place of the unconfirmed one. Nothing heard leaves nothing."""
        if self.turns and not self.turns[-1].heard:
            self.turns.pop()
        if block.text.strip():
            ids = self._reply_ids(block.text)
            self.turns.append(Turn("reply", block.text, ids, block.start, block.end, self.number))

    def rewind(self, position: int) -> int:
        """Back to an earlier position; returns how many turns are gone."""
        assert self.dropped <= position <= self.position, f"no way back from {self.position} to {position}"
        gone = self.position - position
        del self.turns[len(self.turns) - gone :]
        self._partial = ()
        return gone

    def wanted(self, *, replying: bool = False) -> list[int]:
        """All token ids that should stand in the context now, in order."""
        ids = list(self.system)
        for said in self.turns:
            ids += said.ids
        return ids + (self._open_reply if replying else list(self._partial))

    def make_room(self, tokens: int) -> Eviction:
        """Drop old turns so that `tokens` more fit. The spans are to be cut from the cache, in the given order."""
        ledger = RollingLedger(self.limit, low=self.limit * 3 // 4)
        ledger.entries.append(Entry("system", len(self.system), 0.0, 0.0, turn=0, pinned=True))
        for said in self.turns:
            entry = Entry(said.kind, len(said.ids), said.start, said.end, said.number, note=said.text)
            ledger.entries.append(entry)
        eviction = ledger.make_room(len(self._partial) + tokens, self.number + bool(self._partial))
        leaving = {entry.turn for entry in eviction.dropped}
        kept = [said for said in self.turns if said.number not in leaving]
        self.dropped += len(self.turns) - len(kept)
        self.turns = kept
        return eviction

    def said_lately(self, replies: int) -> tuple[int, ...]:
        """The tokens of the last replies, without the frame of their turns."""
        said = [turn.ids for turn in self.turns if turn.kind == "reply"][-replies:]
        frame = len(self._open_reply), len(self._tokens.encode(closing()))
        return tuple(token for ids in said for token in ids[frame[0] : -frame[1]])

    def use(self) -> ContextUse:
        """Tokens by kind of block, for the page's meter."""
        tokens = {"system": len(self.system), "text": len(self._partial), "reply": 0}
        for said in self.turns:
            tokens[said.kind] += len(said.ids)
        return ContextUse(tokens, self.limit, self.dropped)

    def _reply_ids(self, text: str) -> tuple[int, ...]:
        """A reply as the model may see it: without the words of the room."""
        return tuple(self._tokens.encode(turn("assistant", veil_quotes(text))))

    def _shortened(self, ids: list[int]) -> list[int]:
        """A turn of a third of the context keeps its beginning and its end."""
        most = self.limit // 3
        return ids if len(ids) <= most else ids[: most // 2] + ids[-(most - most // 2) :]
