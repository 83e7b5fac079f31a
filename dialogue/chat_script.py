"""The turns of one conversation as tokens in order, and what of them should stand in the context.

Decides nothing but layout and, by the rolling ledger, what leaves a full context: whole turns, oldest first. Knows
no model and no cache; runs on the event loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dialogue.blocks import PartialBlock, ReplyBlock, TextBlock
from dialogue.chat_format import ChatFormat
from dialogue.engine import ContextUse
from dialogue.errors import BadInput
from dialogue.prompt import Message, few_shot, veil_quotes
from dialogue.rolling_ledger import Entry, Eviction, RollingLedger

SMALLEST_CONTEXT = 768


@dataclass(frozen=True, slots=True)
class Turn:
    """One side's turn. A reply is `heard` once a ReplyBlock said what reached the user's ears.

    `shown` is what the model reads of it, `tokens` how many it adds to the context.
    """

    kind: Literal["text", "reply"]
    text: str
    shown: str
    tokens: int
    start: float
    end: float
    number: int
    heard: bool = True
    aside: str = ""


class ChatScript:
    """One per session. Positions count the turns since the beginning, dropped ones included.

    `system` are the tokens before the first turn. A turn's tokens are what it adds when it comes: where a template
    lays out old turns otherwise than new ones the sum is a little off, and who follows `wanted` computes the rest.
    """

    def __init__(self, chat: ChatFormat, system: str, limit: int, examples: Sequence[tuple[str, str]] = ()) -> None:
        """`examples` are worked questions and answers that follow the instruction."""
        if limit < SMALLEST_CONTEXT:
            raise BadInput(f"A context of {limit} tokens is too small; choose at least {SMALLEST_CONTEXT}.")
        self._chat, self.limit, self._examples = chat, limit, examples
        self.turns: list[Turn] = []
        self.dropped = 0
        self._partial = ""
        self.instruct(system)

    def instruct(self, system: str) -> None:
        """The standing instruction and the worked examples: first in the context, never dropped."""
        beginning = few_shot(self._chat.plain(system), self._examples)
        ids = self._chat.listening(beginning)
        if len(ids) > self.limit * 3 // 8:
            raise BadInput(f"The instruction takes {len(ids)} of {self.limit} tokens of context; shorten it.")
        self._beginning, self.system = beginning, tuple(ids)

    @property
    def position(self) -> int:
        return self.dropped + len(self.turns)

    @property
    def number(self) -> int:
        """How many times the user has had the floor."""
        return self.turns[-1].number if self.turns else 0

    def overhear(self, block: PartialBlock) -> None:
        """What the user has said so far; the turn stays open."""
        self._partial = self._shortened(block.text)

    def said(self, block: TextBlock, aside: str = "") -> None:
        """The user's turn is over. `aside` is told to the model with it: data, already plain."""
        self._partial = ""
        shown = "\n\n".join(filter(None, (self._shortened(block.text), aside)))
        self._add(Turn("text", block.text, shown, 0, block.start, block.end, self.number + 1, aside=aside))

    def replying(self, text: str) -> None:
        """What has been said so far of a reply that nobody has confirmed to have heard."""
        self._drop_unheard()
        at = self.turns[-1].end if self.turns else 0.0
        # Not counted yet: there is a new one with every token.
        self.turns.append(Turn("reply", text, self._veiled(text), 0, at, at, self.number, heard=False))

    def replied(self, block: ReplyBlock) -> None:
        """What was heard of a reply; takes the place of the unconfirmed one. Nothing heard leaves nothing."""
        self._drop_unheard()
        if block.text.strip():
            shown = self._veiled(block.text)
            self._add(Turn("reply", block.text, shown, 0, block.start, block.end, self.number))

    def rewind(self, position: int) -> int:
        """Back to an earlier position; returns how many turns are gone."""
        assert self.dropped <= position <= self.position, f"no way back from {self.position} to {position}"
        gone = self.position - position
        del self.turns[len(self.turns) - gone :]
        self._partial = ""
        return gone

    def wanted(self, *, replying: bool = False) -> list[int]:
        """All token ids that should stand in the context now, in order."""
        messages = self._messages()
        return self._chat.replying(messages) if replying else self._chat.listening(messages, self._partial)

    def make_room(self, tokens: int) -> Eviction:
        """Drop old turns so that `tokens` more fit. The spans are to be cut from the cache, in the given order."""
        self._count_unheard()
        ledger = RollingLedger(self.limit, low=self.limit * 3 // 4)
        ledger.entries.append(Entry("system", len(self.system), 0.0, 0.0, turn=0, pinned=True))
        for said in self.turns:
            entry = Entry(said.kind, said.tokens, said.start, said.end, said.number, note=said.text)
            ledger.entries.append(entry)
        # What a template does otherwise than turn by turn must fit as well.
        open_tokens = max(self._partial_tokens(), len(self.wanted()) - ledger.tokens)
        eviction = ledger.make_room(open_tokens + tokens, self.number + bool(self._partial))
        leaving = {entry.turn for entry in eviction.dropped}
        kept = [said for said in self.turns if said.number not in leaving]
        self.dropped += len(self.turns) - len(kept)
        self.turns = kept
        return eviction

    def was_told(self, aside: str) -> bool:
        """Whether `aside` was the last one, and is still in the context."""
        last = next((turn.aside for turn in reversed(self.turns) if turn.aside), "")
        return last == aside

    def said_lately(self, replies: int) -> tuple[int, ...]:
        """The tokens of the last replies, without the frame of their turns."""
        said = [turn.shown for turn in self.turns if turn.kind == "reply"][-replies:]
        return tuple(token for shown in said for token in self._chat.encode(shown))

    def use(self) -> ContextUse:
        """Tokens by kind of block, for the page's meter."""
        self._count_unheard()
        tokens = {"system": len(self.system), "text": self._partial_tokens(), "reply": 0}
        for said in self.turns:
            tokens[said.kind] += said.tokens
        return ContextUse(tokens, self.limit, self.dropped)

    def _messages(self) -> list[Message]:
        said = [Message("user" if turn.kind == "text" else "assistant", turn.shown) for turn in self.turns]
        return [*self._beginning, *said]

    def _add(self, turn: Turn) -> None:
        before = len(self.system) + sum(each.tokens for each in self.turns)
        self.turns.append(turn)
        now = len(self.wanted(replying=turn.kind == "text"))
        self.turns[-1] = replace(turn, tokens=max(0, now - before))

    def _drop_unheard(self) -> None:
        if self.turns and not self.turns[-1].heard:
            self.turns.pop()

    def _count_unheard(self) -> None:
        if self.turns and not self.turns[-1].heard:
            self._add(self.turns.pop())

    def _partial_tokens(self) -> int:
        return len(self._chat.encode(self._partial)) if self._partial else 0

    def _veiled(self, reply: str) -> str:
        """A reply as the model may see it: without the words of the room."""
        return self._chat.plain(veil_quotes(reply))

    def _shortened(self, text: str) -> str:
        """A turn of a third of the context keeps its beginning and its end."""
        return self._chat.shortened(self._chat.plain(text), self.limit // 3)
