"""A timeline with tools as the tokens of MiniCPM3's context.

Entries are encoded once; generated tokens stay unchanged, so nothing is computed twice. What opens the next turn counts
to the entry before it. Uses no model and no cache; runs on the event loop.
"""

from __future__ import annotations

from collections.abc import Sequence

from dialogue.blocks import PartialBlock, ReplyBlock, TextBlock, ToolBlock
from dialogue.engine import ContextUse
from dialogue.errors import BadInput
from dialogue.llm.checkpoints.vocabulary import Vocabulary, shortened
from dialogue.llm.rolling_ledger import Eviction, LedgerEntry
from dialogue.memory.keyframes import Keyframe
from dialogue.memory.timeline import Entry
from dialogue.minicpm.text.function_calls import CALLS, lines_of
from dialogue.prompts.prompt import clean
from dialogue.prompts.scene_text import LONGEST_ENTRY, SHORTEST_ENTRY, scene_entry
from dialogue.rules.recall.conversation_record import ConversationRecord
from dialogue.tools.function_call import FunctionCall

SMALLEST_CONTEXT = 2048
_OPEN_USER, _OPEN_REPLY, _CLOSE = "<|im_start|>user\n", "<|im_start|>assistant\n", "<|im_end|>\n"

Ids = tuple[int, ...]


class ToolScript:
    """The script of one session, whose `record` it keeps: `limit` tokens besides the instruction."""

    def __init__(self, words: Vocabulary, limit: int, system: str) -> None:
        if limit < SMALLEST_CONTEXT:
            raise BadInput(f"A context of {limit} tokens is too small; choose at least {SMALLEST_CONTEXT} tokens.")
        self._words, self._most = words, limit
        self._open_user, self._open_reply = self._encoded(_OPEN_USER), self._encoded(_OPEN_REPLY)
        self._close = self._encoded(_CLOSE)
        self.record = ConversationRecord(self._cost)
        self.timeline = self.record.timeline
        self._ids: dict[int, Ids] = {}  # of entries, by their number
        self.instruct(system)

    def instruct(self, system: str) -> None:
        """Set the system instruction with its tools, as from `system_text`: first in the context, never evicted."""
        self.system = self._encoded(f"<|im_start|>system\n{system}{_CLOSE}")

    @property
    def limit(self) -> int:
        return self._most + len(self.system)

    def called(self, ids: Sequence[int], results: Sequence[str], most: int) -> None:
        """Add a round of calls, generated as `ids`, and its results, which take at most about `most` tokens."""
        asked = self.timeline.asked or self.timeline.unheard
        at = asked.span[1] if asked is not None else 0.0
        self.record.add(ReplyBlock("", at, at))  # what was said in this round is among its tokens
        back = [self.plain(each, most // len(results)) for each in results]
        shown = "".join(f"<|im_start|>tool\n{each}{_CLOSE}" for each in back)
        self._ids[self.timeline.position] = (*ids, *self._close, *self._encoded(shown))
        self.record.add(ToolBlock(self._words.decode(list(ids)), tuple(back), at))

    def given(self, calls: Sequence[FunctionCall], results: Sequence[str], most: int) -> None:
        """As `called`, for calls that others have written."""
        lines = "\n".join(map(self.plain, lines_of(calls)))
        self.called(self._encoded(f"{CALLS[0]}\n```python\n{lines}\n```\n{CALLS[1]}"), results, most)

    def replying(self, ids: Sequence[int], text: str) -> None:
        """Set the reply generated so far, which the user is not confirmed to have heard."""
        if (before := self.timeline.unheard) is not None:
            self._ids.pop(before.number, None)
        self._ids[self.timeline.position] = (*ids, *self._close)
        self.timeline.replying(text)

    def replied(self, block: ReplyBlock, as_written: bool) -> None:
        """Replace the unconfirmed reply with the text that was heard, or confirm it `as_written`. An empty text removes
        it."""
        unheard = self.timeline.unheard
        if unheard is not None and as_written and block.text.strip():
            self._ids[self.timeline.position] = self._ids[unheard.number]
        self.record.add(block)

    def wanted(self, *, replying: bool = False) -> list[int]:
        """All token ids of the context, in order."""
        entries = self.record.window.entries
        ids = [*self.system]
        for entry, after in zip([None, *entries], [*entries, None], strict=True):
            if entry is not None:
                ids += self._ids_of(entry)
            if after is not None:
                ids += self._opening(entry, after)
        partial = self._partial()
        last = entries[-1] if entries else None
        if replying:
            return [*ids, *(self._close if _is_seen(last) else ()), *self._open_reply]
        if not partial:
            return ids
        return [*ids, *(() if _is_seen(last) else self._open_user), *partial]

    def room(self) -> int:
        """Tokens left for the open turn if everything before it is evicted."""
        turn = self.timeline.turn
        held = [entry for entry in self.record.window.entries if entry.turn == turn]
        return self._most - sum(len(self._ids_of(entry)) for entry in held)

    def make_room(self, tokens: int) -> Eviction:
        """Evict old entries so that `tokens` more fit. The caller cuts the spans from the cache in the given order."""
        low = len(self.system) + self._most * 3 // 4
        tokens += len(self._partial()) + len(self._open_user)
        eviction = self.record.make_room(tokens, self.limit, low, self._standing())
        here = {entry.number for entry in self.record.window.entries}
        self._ids = {number: ids for number, ids in self._ids.items() if number in here}
        return eviction

    def use(self) -> ContextUse:
        """Tokens by kind, for the page's context meter."""
        return self.record.window.use(self._standing(), self.limit, len(self._partial()))

    def plain(self, text: str, most: int = 0) -> str:
        """Untrusted text without special tokens, shortened to `most` tokens."""
        return shortened(self._words, self._words.plain(clean(text)), most or self._most // 8)[0]

    def _standing(self) -> list[LedgerEntry]:
        return [LedgerEntry("system", len(self.system) + len(self._open_user), 0.0, 0.0, turn=0, pinned=True)]

    def _cost(self, entry: Entry) -> int:
        """With what opens the turn after it."""
        opening: Ids = self._open_reply
        if isinstance(entry.content, Keyframe):
            opening = ()
        elif isinstance(entry.content, ReplyBlock):
            opening = self._open_user
        return len(self._ids_of(entry)) + len(opening)

    def _opening(self, before: Entry | None, after: Entry) -> Ids:
        """What stands between two entries: nothing within a turn of the user."""
        if isinstance(after.content, ReplyBlock | ToolBlock):
            return (*self._close, *self._open_reply) if _is_seen(before) else self._open_reply
        return () if _is_seen(before) else self._open_user

    def _ids_of(self, entry: Entry) -> Ids:
        if entry.number not in self._ids:
            self._ids[entry.number] = self._entry_ids(entry)
        return self._ids[entry.number]

    def _entry_ids(self, entry: Entry) -> Ids:
        match entry.content:
            case Keyframe():
                return self._encoded(f"{self._seen(entry.content)}\n")
            case TextBlock(text) | ReplyBlock(text):
                return self._encoded(f"{self.plain(text)}{_CLOSE}")
            case other:
                raise AssertionError(f"A {type(other).__name__} has no tokens in this context.")

    def _seen(self, keyframe: Keyframe) -> str:
        """Shortens what is quoted, not the entry: nothing may leave its quotation marks."""
        longest = LONGEST_ENTRY
        while True:
            line = self._words.plain(scene_entry(keyframe, longest))
            if len(self._encoded(line)) <= self._most // 8 or longest < SHORTEST_ENTRY:
                return line
            longest //= 2

    def _partial(self) -> Ids:
        partial: PartialBlock | None = self.timeline.partial
        return self._encoded(self.plain(partial.text)) if partial is not None else ()

    def _encoded(self, text: str) -> Ids:
        return tuple(self._words.encode(text, begin=False))


def _is_seen(entry: Entry | None) -> bool:
    return entry is not None and isinstance(entry.content, Keyframe)
