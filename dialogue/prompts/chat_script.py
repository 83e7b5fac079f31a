"""Lays out the turns of one conversation as tokens, and decides which of them stay in the context.

The rolling ledger decides what leaves a full context: whole turns, oldest first. Runs on the event loop.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Literal

from dialogue.blocks import PartialBlock, ReplyBlock, TextBlock
from dialogue.engine import ContextUse
from dialogue.errors import BadInput
from dialogue.llm.rolling_ledger import Eviction, LedgerEntry, RollingLedger
from dialogue.memory.recap import Recap
from dialogue.prompts.chat_format import ChatFormat
from dialogue.prompts.prompt import ChatMessage, few_shot, mask_quotes
from dialogue.text.partial_transcripts import joined

SMALLEST_CONTEXT = 768
# Stands for a turn that the user wants forgotten.
REDACTED = "(forgotten)"
# The recap takes at most 1/RECAP_SHARE of the context.
RECAP_SHARE = 8
# A sentence that begins with one of these (or "isn't", "what's") is transcribed as a question.
_ASKING = re.compile(
    r"(?:wh(?:at|en|ere|o|ose|om|ich|y)|how|is|are|was|were|am|do|does|did|ca|can|could|wo|will|would|shall|should|may"
    r"|might|has|have|had)(?:n?'\w+)?\b"
)


@dataclass(frozen=True, slots=True)
class ScriptTurn:
    """One side's turn. A reply is `heard` once a ReplyBlock reported what was played to the user.

    `shown` is the text that the model reads, `tokens` the number it adds to the context.
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
    """Replaces tokens start .. end of the context by `ids`; the tokens after them stay."""

    start: int
    end: int
    ids: tuple[int, ...]


class ChatScript:
    """One per session. Positions count the turns since the beginning, dropped ones included.

    `system` are the tokens before the first turn. A turn's tokens are those it adds when it is new: for templates that
    lay out old turns differently the sum is slightly off, and following `wanted` corrects it.
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
        """Sets the standing instruction and the worked examples: first in the context, never dropped."""
        plain = self._chat.plain(system)
        ids = self._chat.listening(few_shot(plain, self._examples))
        if len(ids) > self.limit * 3 // 8:
            raise BadInput(f"The instruction takes {len(ids)} of {self.limit} tokens of context; shorten it.")
        self._instruction, self._bare_tokens = plain, len(ids)
        self._open_with(self._recap.text)

    def _open_with(self, recap: str) -> None:
        """Lays out the instruction, the recap behind it and the worked examples."""
        self._shown_recap = recap
        instruction = "\n\n".join(filter(None, (self._instruction, self._chat.plain(recap))))
        self._beginning = few_shot(instruction, self._examples)
        self.system = tuple(self._chat.listening(self._beginning))

    def recapitulate(self) -> Renewal | None:
        """Updates the recap if turns have left since; None if it is up to date."""
        if self._recap.text == self._shown_recap:
            return None
        before = self.system
        self._open_with(self._recap.text)
        start = _common_prefix(before, self.system)
        same = _common_prefix(before[start:][::-1], self.system[start:][::-1])
        return Renewal(start, len(before) - same, self.system[start : len(self.system) - same])

    @property
    def position(self) -> int:
        return self.dropped + len(self.turns)

    @property
    def number(self) -> int:
        """The number of the user's turns so far."""
        return self.turns[-1].number if self.turns else 0

    def overhear(self, block: PartialBlock, aside: str = "") -> None:
        """Takes the partial transcript of an open turn, or its end if the turn is long."""
        self._overheard = joined(self._overheard if self._partial else "", block.text)
        self._partial = self._with_aside(_as_if_over(self._overheard), aside)

    def said(self, block: TextBlock, aside: str = "") -> None:
        """Adds the user's finished turn. `aside` is data, already plain, that the model reads before the words: the
        words grow during the turn, so they come last."""
        self._partial = ""
        shown = self._with_aside(block.text, aside)
        self._add(ScriptTurn("text", block.text, shown, 0, block.start, block.end, self.number + 1, aside=aside))

    def replying(self, text: str) -> None:
        """Sets the text so far of a reply that is not confirmed as heard."""
        self._drop_unheard()
        at = self.turns[-1].end if self.turns else 0.0
        # Not counted yet: it is replaced with every token.
        self.turns.append(ScriptTurn("reply", text, self._masked(text), 0, at, at, self.number, heard=False))

    def replied(self, block: ReplyBlock) -> None:
        """Adds the heard part of a reply in place of the unconfirmed one; an empty part adds nothing."""
        self._drop_unheard()
        if block.text.strip():
            shown = self._masked(block.text)
            self._add(ScriptTurn("reply", block.text, shown, 0, block.start, block.end, self.number))

    def rewind(self, position: int) -> int:
        """Removes the turns from `position` on; returns their number."""
        assert self.dropped <= position <= self.position, f"cannot rewind from {self.position} to {position}"
        gone = self.position - position
        del self.turns[len(self.turns) - gone :]
        self._partial = ""
        return gone

    def redact(self, texts: Collection[str]) -> None:
        """Replaces turns with these texts, and what the recap has of them: the user wants them forgotten."""
        for place, turn in enumerate(self.turns):
            if turn.text in texts:
                self.turns[place] = replace(turn, text=REDACTED, shown=REDACTED)
        self._recap.forget(texts)

    def wanted(self, *, replying: bool = False) -> list[int]:
        """All token ids that belong in the context now, in order.

        An open turn is laid out as if it ended here: if it does, nothing is left to compute.
        """
        messages = self._messages()
        if self._partial:
            messages.append(ChatMessage("user", self._partial))
        return self._chat.replying(messages) if replying or self._partial else self._chat.listening(messages)

    def make_room(self, tokens: int) -> Eviction:
        """Drops old turns so that `tokens` more fit. The caller cuts the spans from the KV cache, in order."""
        self._count_unheard()
        ledger = RollingLedger(self.limit, low=self.limit * 3 // 4)
        ledger.entries += self._entries()
        # Tokens that the template adds outside of turns must fit as well, and so must a grown recap.
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
        """The content of the context, block by block, without the open turn."""
        entries = [LedgerEntry("system", self._bare_tokens, 0.0, 0.0, turn=0, pinned=True)]
        if recap := len(self.system) - self._bare_tokens:
            entries.append(LedgerEntry("recap", recap, 0.0, 0.0, turn=0, pinned=True))
        for said in self.turns:
            entries.append(LedgerEntry(said.kind, said.tokens, said.start, said.end, said.number, note=said.text))
        return entries

    def is_last_aside(self, aside: str) -> bool:
        """Whether `aside` is the last one given and is still in the context."""
        last = next((turn.aside for turn in reversed(self.turns) if turn.aside), "")
        return last == aside

    def said_lately(self, replies: int) -> tuple[int, ...]:
        """The tokens of the last replies, without their turns' control tokens."""
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

    def _masked(self, reply: str) -> str:
        """A reply as the model may see it: without text read in the room."""
        return self._chat.plain(mask_quotes(reply))

    def _shortened(self, text: str) -> str:
        """Cuts a turn longer than a third of the context in the middle."""
        return self._chat.shortened(self._chat.plain(text), self.limit // 3)


def _as_if_over(said: str) -> str:
    """The words with the punctuation mark they will have if the turn ends here, so that its tokens are precomputed."""
    if not said[-1:].isalnum():
        return said
    last_sentence = re.split(r"[.!?]\s+", said)[-1].lower().replace("’", "'")
    return said + ("?" if _ASKING.match(last_sentence) else ".")


def _common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """The length of the common prefix."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
