"""What was said in a conversation, as it was heard. Bounded; knows no model, no cache and no sound."""

from __future__ import annotations

from collections import deque

from dialogue.blocks import ReplyBlock, TextBlock

Said = TextBlock | ReplyBlock


class History:
    """The last `limit` turns of both sides, oldest first. One per session."""

    def __init__(self, limit: int = 200) -> None:
        self._said: deque[Said] = deque(maxlen=limit)

    def add(self, block: Said) -> None:
        """A turn has been said to its end. An empty one leaves no trace."""
        if block.text.strip():
            self._said.append(block)

    def forget(self, turns: int) -> None:
        """Take back the last `turns`: a question that was not over, a reply that was never heard."""
        for _ in range(min(turns, len(self._said))):
            self._said.pop()

    @property
    def blocks(self) -> tuple[Said, ...]:
        return tuple(self._said)

    def __len__(self) -> int:
        return len(self._said)

    def last_reply(self) -> ReplyBlock | None:
        return next((block for block in reversed(self._said) if isinstance(block, ReplyBlock)), None)

    def user_texts(self) -> list[str]:
        """What the user said, oldest first."""
        return [block.text for block in self._said if isinstance(block, TextBlock)]
