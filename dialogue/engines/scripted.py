"""Says fixed lines at a fixed pace, for demos and tests. `fed` lists the blocks that it was fed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence

from dialogue.blocks import Block, PartialBlock, ReplyBlock, TextBlock
from dialogue.engine import Capabilities, ContextUse, Delta, Mark, TextDelta

DEMO_LINES = (
    "Hello, I am a scripted voice: I say the same lines whatever you tell me.",
    "This is my second line. I can be interrupted like any other voice.",
    "That was the last one. From here I begin again.",
)


class ScriptedEngine:
    """One session. Replies cycle through the lines; `pace_s` passes before each word.

    A rewind past a reply makes its line the next one again.
    """

    def __init__(
        self,
        lines: Sequence[str] = DEMO_LINES,
        pace_s: float = 0.0,
        can: Capabilities = Capabilities(hears=False, sees=False, speaks=False),  # noqa: B008 - frozen
        limit: int = 2048,
    ) -> None:
        self.can = can
        self.fed: list[Block] = []
        self.closed = False
        self._lines, self._pace_s, self._limit = tuple(lines), pace_s, limit
        self._next = 0
        self._lines_before: dict[int, int] = {}  # position of a mark -> the line that was next

    async def feed(self, block: Block) -> None:
        """Keeps the block; a partial transcript is replaced by the next one, as in every engine."""
        if self.fed and isinstance(self.fed[-1], PartialBlock) and isinstance(block, PartialBlock | TextBlock):
            self.fed.pop()
        self.fed.append(block)

    async def reply(self) -> AsyncGenerator[Delta, None]:
        """The next line, word by word; empty where there are no lines."""
        if not self._lines:
            return
        line = self._lines[self._next % len(self._lines)]
        self._next += 1
        for word in re.findall(r"\S+\s*", line):
            await asyncio.sleep(self._pace_s)
            yield TextDelta(word)

    async def mark(self) -> Mark:
        self._lines_before[len(self.fed)] = self._next
        return Mark(len(self.fed))

    async def rewind(self, mark: Mark) -> None:
        assert mark.position <= len(self.fed), "the mark lies beyond the end: it was made before an earlier rewind"
        del self.fed[mark.position :]
        self._next = self._lines_before.get(mark.position, self._next)

    async def close(self) -> None:
        self.closed = True

    def context(self) -> ContextUse:
        """Counts words as tokens."""
        words = {"text": 0, "reply": 0}
        for block in self.fed:
            match block:
                case TextBlock(text):
                    words["text"] += len(text.split())
                case ReplyBlock(text):
                    words["reply"] += len(text.split())
        return ContextUse(words, self._limit)
