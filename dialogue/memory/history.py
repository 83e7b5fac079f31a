"""The turns of a conversation as they were heard: a view of the timeline."""

from __future__ import annotations

from dataclasses import dataclass

from dialogue.blocks import ReplyBlock, TextBlock


@dataclass(frozen=True, slots=True)
class History:
    """The turns of both sides, oldest first."""

    blocks: tuple[TextBlock | ReplyBlock, ...] = ()

    def __len__(self) -> int:
        return len(self.blocks)

    def last_reply(self) -> ReplyBlock | None:
        return next((block for block in reversed(self.blocks) if isinstance(block, ReplyBlock)), None)

    def user_texts(self) -> list[str]:
        """What the user said, oldest first."""
        return [block.text for block in self.blocks if isinstance(block, TextBlock)]
