"""What was said in a conversation, as it was heard. Bounded; knows no model, no cache and no sound."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import replace

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

    def truncate(self, heard_characters: int, at: float) -> None:
        """The reply just added was cut at `at`: keep what was really heard of it, in whole words.

        Nothing heard, nothing said: the reply vanishes. Does nothing unless the last turn is a reply.
        """
        if not self._said or not isinstance(self._said[-1], ReplyBlock):
            return
        reply = self._said.pop()
        assert isinstance(reply, ReplyBlock)
        heard = heard_words(reply.text, heard_characters)
        if heard:
            self._said.append(replace(reply, text=heard, end=at, cut=len(heard) < len(reply.text.rstrip())))

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

    def as_text(self) -> str:
        """One line a turn, "You:" and "Assistant:"; a cut reply ends with a dash."""
        return "\n".join(
            f"You: {block.text}"
            if isinstance(block, TextBlock)
            else f"Assistant: {block.text}{' -' if block.cut else ''}"
            for block in self._said
        )


def heard_words(text: str, characters: int) -> str:
    """The first `characters` of a text cut back to whole words: a word half heard was not heard."""
    if characters >= len(text):
        return text.rstrip()
    head = text[: max(0, characters)]
    if re.match(r"\w", text[len(head) :]) and re.search(r"\w$", head):
        head = re.sub(r"[\w'’-]+$", "", head)
    return head.rstrip()
