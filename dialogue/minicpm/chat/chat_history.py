"""A timeline as the history of a chat with pictures, within a token limit: what the model reads.

Uses token counts and no model; runs on the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from dialogue.blocks import Block, PictureBlock, ReplyBlock
from dialogue.engine import ContextUse
from dialogue.errors import BadInput
from dialogue.llm.rolling_ledger import LedgerEntry
from dialogue.memory.timeline import Entry
from dialogue.minicpm.chat.conversation import HistoryTurn
from dialogue.minicpm.chat.request import EncodedPicture, Part
from dialogue.rules.recall.conversation_record import ConversationRecord

SMALLEST_CONTEXT = 3072  # a system message, a finely sliced picture, a long question and an answer
TURN_OVERHEAD = 24  # tokens around the content of a turn
MAX_REPLY_TOKENS = 256

Shorten = Callable[[str, int], tuple[str, int]]  # text, token limit -> text that fits, its number of tokens


class ChatHistory:
    """The history of one session, kept in `record`. `reply_tokens` is the limit of a reply. Raises BadInput if `limit`
    is too small."""

    def __init__(self, limit: int, shorten: Shorten, system: str) -> None:
        if limit < SMALLEST_CONTEXT:
            raise BadInput(f"A context of {limit} tokens is too small; choose at least {SMALLEST_CONTEXT} tokens.")
        self.limit, self._shorten = limit, shorten
        self.reply_tokens = min(MAX_REPLY_TOKENS, limit // 8)
        self.record = ConversationRecord(self._tokens)
        self.timeline = self.record.timeline
        self._pictures: dict[int, tuple[EncodedPicture, int]] = {}  # with their tokens, by number of the entry
        self.instruct(system)

    def instruct(self, system: str) -> None:
        """Set the system instruction, which is never evicted. Raises BadInput if it is too long."""
        fitting, tokens = self._shorten(system, self.limit // 8)
        if fitting != system:
            raise BadInput(f"The instruction takes more than {self.limit // 8} tokens of context; shorten it.")
        self._system, self._system_tokens = system, tokens + TURN_OVERHEAD

    @property
    def asked(self) -> bool:
        """Whether the last entry is text of the user."""
        return self.timeline.asked is not None

    def show(self, block: PictureBlock, picture: EncodedPicture, tokens: int) -> None:
        """Add a picture of the user's turn."""
        self._pictures[self.timeline.position] = picture, tokens
        self.record.add(block)

    def add(self, block: Block) -> None:
        """Add what was said; very long text keeps its beginning and its end."""
        self.record.add(block)

    def make_room(self) -> None:
        """Evict entries until a reply fits. A quarter of the limit is freed, since the rest of the context has to be
        computed again."""
        tokens = self.reply_tokens + TURN_OVERHEAD
        self.record.make_room(tokens, self.limit, self.limit * 3 // 4, self._standing())
        here = {entry.number for entry in self.record.window.entries}
        self._pictures = {number: picture for number, picture in self._pictures.items() if number in here}

    def turns(self) -> list[HistoryTurn]:
        """Turns for the model's format: pictures and text of the user without a reply between them are one turn."""
        turns = [HistoryTurn("system", (self._system,))] if self._system else []
        entries = self.record.window.entries
        for reply, of_one in groupby(entries, lambda entry: isinstance(entry.content, ReplyBlock)):
            turns.append(HistoryTurn("assistant" if reply else "user", [self._part(entry) for entry in of_one]))
        return turns

    def use(self) -> ContextUse:
        """Tokens by kind of entry, for the page's context meter."""
        return self.record.window.use(self._standing(), self.limit)

    def _standing(self) -> list[LedgerEntry]:
        return [LedgerEntry("system", self._system_tokens, 0.0, 0.0, turn=0, pinned=True)]

    def _part(self, entry: Entry) -> Part:
        if isinstance(entry.content, PictureBlock):
            return self._pictures[entry.number][0]
        return self._shorten(entry.text, self.limit // 4)[0] if entry.heard else entry.text

    def _tokens(self, entry: Entry) -> int:
        """An upper bound."""
        if isinstance(entry.content, PictureBlock):
            return self._pictures[entry.number][1]
        return self._shorten(entry.text, self.limit // 4)[1] + TURN_OVERHEAD
