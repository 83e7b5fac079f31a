"""Numbers the messages of a call and keeps the last ones, so that a page that reconnects misses none. Pure."""

from __future__ import annotations

from collections import deque

MOST_KEPT = 256  # messages: more than a channel and the network hold back when a connection is lost


class SentMessages:
    """The messages of one call in order; the first is number 0."""

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self._texts: deque[str] = deque(maxlen=most_kept)
        self._count = 0  # of all messages so far
        self._next = 0  # number of the next one to send

    def add(self, text: str) -> None:
        self._texts.append(text)
        self._count += 1
        self._next = max(self._next, self._count - len(self._texts))

    def next(self) -> str | None:
        """The oldest message that is not sent; None if all are."""
        if self._next == self._count:
            return None
        return self._texts[self._next - self._count]

    def was_sent(self) -> None:
        """Takes note that `next` was sent."""
        assert self._next < self._count
        self._next += 1

    def resume(self, received: int) -> int:
        """A page that has received the first `received` messages is to get the others, as far as they are kept. Returns
        the number of the first one that it gets."""
        oldest = self._count - len(self._texts)
        self._next = min(max(received, oldest), self._count)
        return self._next
