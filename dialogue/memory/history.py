"""Keeps the turns of a conversation as text, as they were heard. Bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

from dialogue.blocks import ReplyBlock, TextBlock

Turn = TextBlock | ReplyBlock


class History:
    """The last `limit` turns of both sides, oldest first. One per session."""

    def __init__(self, limit: int = 200) -> None:
        self._turns: deque[Turn] = deque(maxlen=limit)

    def add(self, block: Turn) -> None:
        """Adds a finished turn; an empty one is ignored."""
        if block.text.strip():
            self._turns.append(block)

    def forget(self, turns: int) -> None:
        """Removes the last `turns`: a question that was not over, a reply that was not heard."""
        for _ in range(min(turns, len(self._turns))):
            self._turns.pop()

    def redact(self, texts: Collection[str]) -> None:
        """Removes turns with these texts for good: the user wants them forgotten."""
        kept = [block for block in self._turns if block.text not in texts]
        self._turns.clear()
        self._turns.extend(kept)

    @property
    def blocks(self) -> tuple[Turn, ...]:
        return tuple(self._turns)

    def __len__(self) -> int:
        return len(self._turns)

    def last_reply(self) -> ReplyBlock | None:
        return next((block for block in reversed(self._turns) if isinstance(block, ReplyBlock)), None)

    def user_texts(self) -> list[str]:
        """What the user said, oldest first."""
        return [block.text for block in self._turns if isinstance(block, TextBlock)]
