"""The turns of one conversation as tokens in order, and what of them should stand in the context.

Decides nothing but layout and, by the rolling ledger, what leaves a full context: whole turns, oldest first. Knows
no model and no cache; runs on the event loop.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Literal

from dialogue.blocks import PartialBlock, ReplyBlock, TextBlock
from dialogue.engine import ContextUse
from dialogue.errors import BadInput
from dialogue.llm.rolling_ledger import Eviction, LedgerEntry, RollingLedger
from dialogue.memory.recap import Recap
from dialogue.prompts.chat_format import ChatFormat
from dialogue.prompts.prompt import ChatMessage, few_shot, veil_quotes
from dialogue.text.partial_transcripts import joined

SMALLEST_CONTEXT = 768
# The recap of what has left takes at most this part of the context.
RECAP_SHARE = 8
# A sentence that begins with one of these (or "isn't", "what's") is transcribed as a question.
_ASKING = re.compile(
    r"(?:wh(?:at|en|ere|o|ose|om|ich|y)|how|is|are|was|were|am|do|does|did|ca|can|could|wo|will|would|shall|should|may"
    r"|might|has|have|had)(?:n?'\w+)?\b"
)


@dataclass(frozen=True, slots=True)
class ScriptTurn:
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


@dataclass(frozen=True, slots=True)
class Renewal:
    """Tokens start .. end of the context are out of date: `ids` belong there; what follows them stays as it is."""

    start: int
    end: int
    ids: tuple[int, ...]


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
        self.turns: list[ScriptTurn] = []
        self.dropped = 0
        self._left: Counter[str] = Counter()
        self._partial = self._overheard = ""
        self._recap = Recap(limit // RECAP_SHARE, lambda text: len(chat.encode(text)))
        self.instruct(system)

    def instruct(self, system: str) -> None:
        """The standing instruction and the worked examples: first in the context, never dropped."""
        plain = self._chat.plain(system)
        ids = self._chat.listening(few_shot(plain, self._examples))
        if len(ids) > self.limit * 3 // 8:
            raise BadInput(f"The instruction takes {len(ids)} of {self.limit} tokens of context; shorten it.")
        self._instruction, self._bare_tokens = plain, len(ids)
        self._open_with(self._recap.text)

    def _open_with(self, recap: str) -> None:
        """The instruction, the recap behind it, the worked examples."""
        self._shown_recap = recap
        instruction = "\n\n".join(filter(None, (self._instruction, self._chat.plain(recap))))
        self._beginning = few_shot(instruction, self._examples)
        self.system = tuple(self._chat.listening(self._beginning))

    def recapitulate(self) -> Renewal | None:
        """Bring the recap up to date, if turns have left since; None if it already is."""
        if self._recap.text == self._shown_recap:
            return None
        before = self.system
        self._open_with(self._recap.text)
        start = _alike(before, self.system)
        same = _alike(before[start:][::-1], self.system[start:][::-1])
        return Renewal(start, len(before) - same, self.system[start : len(self.system) - same])

    @property
    def position(self) -> int:
        return self.dropped + len(self.turns)

    @property
    def number(self) -> int:
        """How many times the user has had the floor."""
        return self.turns[-1].number if self.turns else 0

    def overhear(self, block: PartialBlock, aside: str = "") -> None:
        """What the user has said so far, or of a long speech its end; the turn stays open."""
        self._overheard = joined(self._overheard if self._partial else "", block.text)
        self._partial = self._with_aside(_as_if_over(self._overheard), aside)

    def said(self, block: TextBlock, aside: str = "") -> None:
        """The user's turn is over. `aside` is told to the model with it, before the words, which grow while they are
        heard: data, already plain."""
        self._partial = ""
        shown = self._with_aside(block.text, aside)
        self._add(ScriptTurn("text", block.text, shown, 0, block.start, block.end, self.number + 1, aside=aside))

    def replying(self, text: str) -> None:
        """What has been said so far of a reply that nobody has confirmed to have heard."""
        self._drop_unheard()
        at = self.turns[-1].end if self.turns else 0.0
        # Not counted yet: there is a new one with every token.
        self.turns.append(ScriptTurn("reply", text, self._veiled(text), 0, at, at, self.number, heard=False))

    def replied(self, block: ReplyBlock) -> None:
        """What was heard of a reply; takes the place of the unconfirmed one. Nothing heard leaves nothing."""
        self._drop_unheard()
        if block.text.strip():
            shown = self._veiled(block.text)
            self._add(ScriptTurn("reply", block.text, shown, 0, block.start, block.end, self.number))

    def rewind(self, position: int) -> int:
        """Back to an earlier position; returns how many turns are gone."""
        assert self.dropped <= position <= self.position, f"no way back from {self.position} to {position}"
        gone = self.position - position
        del self.turns[len(self.turns) - gone :]
        self._partial = ""
        return gone

    def wanted(self, *, replying: bool = False) -> list[int]:
        """All token ids that should stand in the context now, in order.

        A turn that is still open is laid out as if it ended here: if it does, nothing is left to compute.
        """
        messages = self._messages()
        if self._partial:
            messages.append(ChatMessage("user", self._partial))
        return self._chat.replying(messages) if replying or self._partial else self._chat.listening(messages)

    def make_room(self, tokens: int) -> Eviction:
        """Drop old turns so that `tokens` more fit. The spans are to be cut from the cache, in the given order."""
        self._count_unheard()
        ledger = RollingLedger(self.limit, low=self.limit * 3 // 4)
        ledger.entries += self._entries()
        # What a template does otherwise than turn by turn must fit as well, and so must the recap when it has grown.
        open_tokens = max(0, len(self.wanted()) - ledger.tokens)
        growing = self._recap.most - (len(self.system) - self._bare_tokens)
        eviction = ledger.make_room(open_tokens + max(0, growing) + tokens, self.number + bool(self._partial))
        leaving = {entry.turn for entry in eviction.dropped}
        kept = [said for said in self.turns if said.number not in leaving]
        self.dropped += len(self.turns) - len(kept)
        self.turns = kept
        self._left.update(entry.kind for entry in eviction.dropped)
        self._recap.add(eviction.dropped)
        return eviction

    def _entries(self) -> list[LedgerEntry]:
        """What stands in the context, block by block, but for the open turn."""
        entries = [LedgerEntry("system", self._bare_tokens, 0.0, 0.0, turn=0, pinned=True)]
        if recap := len(self.system) - self._bare_tokens:
            entries.append(LedgerEntry("recap", recap, 0.0, 0.0, turn=0, pinned=True))
        for said in self.turns:
            entries.append(LedgerEntry(said.kind, said.tokens, said.start, said.end, said.number, note=said.text))
        return entries

    def was_told(self, aside: str) -> bool:
        """Whether `aside` was the last one, and is still in the context."""
        last = next((turn.aside for turn in reversed(self.turns) if turn.aside), "")
        return last == aside

    def said_lately(self, replies: int) -> tuple[int, ...]:
        """The tokens of the last replies, without the frame of their turns."""
        said = [turn.shown for turn in self.turns if turn.kind == "reply"][-replies:]
        return tuple(token for shown in said for token in self._chat.encode(shown))

    def use(self) -> ContextUse:
        """For the page's meter."""
        self._count_unheard()
        blocks: list[tuple[str, int]] = [(entry.kind, entry.tokens) for entry in self._entries()]
        if self._partial:
            blocks.append(("partial", self._partial_tokens()))
        tokens: Counter[str] = Counter()
        for kind, count in blocks:
            tokens[kind] += count
        return ContextUse(dict(tokens), self.limit, self.dropped, tuple(blocks), dict(self._left))

    def _messages(self) -> list[ChatMessage]:
        said = [ChatMessage("user" if turn.kind == "text" else "assistant", turn.shown) for turn in self.turns]
        return [*self._beginning, *said]

    def _add(self, turn: ScriptTurn) -> None:
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
        return len(self.wanted()) - sum(entry.tokens for entry in self._entries()) if self._partial else 0

    def _with_aside(self, words: str, aside: str) -> str:
        return "\n\n".join(filter(None, (aside, self._shortened(words))))

    def _veiled(self, reply: str) -> str:
        """A reply as the model may see it: without the words of the room."""
        return self._chat.plain(veil_quotes(reply))

    def _shortened(self, text: str) -> str:
        """A turn of a third of the context keeps its beginning and its end."""
        return self._chat.shortened(self._chat.plain(text), self.limit // 3)


def _as_if_over(said: str) -> str:
    """Words with the mark that they will get if nothing follows: it need not be computed then."""
    if not said[-1:].isalnum():
        return said
    last_sentence = re.split(r"[.!?]\s+", said)[-1].lower().replace("’", "'")
    return said + ("?" if _ASKING.match(last_sentence) else ".")


def _alike(some: Sequence[int], others: Sequence[int]) -> int:
    """How many tokens two texts begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(some, others, strict=False)))
