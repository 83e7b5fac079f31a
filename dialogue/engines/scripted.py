"""Says given lines at a given pace. The offline demo, the load-test target and the tests' double.

Hears and sees nothing; keeps what it was fed, so that a test can look at it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence

from dialogue.blocks import Block, PartialBlock, ReplyBlock, TextBlock
from dialogue.engine import Capabilities, ContextUse, Delta, Mark, TextDelta

DEMO_LINES = (
    "Hello, I am a scripted voice: I say the same lines whatever you tell me.",
    "This is my second line. I can be interrupted like any other voice.",
    "That was the last one. From here I begin again.",
)


class ScriptedEngine:
    """One session. Lines follow one another and begin again; `pace_s` passes before each word.

    An interrupted or rewound reply gives its line back, so that the script goes on where it was heard.
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
        """A partial replaces the one before, as in every engine."""
        if self.fed and isinstance(self.fed[-1], PartialBlock) and isinstance(block, PartialBlock | TextBlock):
            self.fed.pop()
        self.fed.append(block)

    async def reply(self) -> AsyncIterator[Delta]:
        """The next line, word by word; nothing if there are no lines."""
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
        assert mark.position <= len(self.fed), "the mark lies behind what has been rewound"
        del self.fed[mark.position :]
        self._next = self._lines_before.get(mark.position, self._next)

    async def close(self) -> None:
        self.closed = True

    def context(self) -> ContextUse:
        """Words stand for tokens."""
        words = {"text": 0, "reply": 0}
        for block in self.fed:
            match block:
                case TextBlock(text):
                    words["text"] += len(text.split())
                case ReplyBlock(text):
                    words["reply"] += len(text.split())
        return ContextUse(words, self._limit)
