"""Keeps the timers and reminders of one session, on the session clock. `stream/session/reminder_stage.py` says them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from dialogue.errors import BadInput
from dialogue.text.grammar import counted
from dialogue.tools.toolbox import Reminder
from stream.replies.drafted import Drafted

MOST = 32
SHORTEST_S, LONGEST_S = 1.0, 24 * 3600.0


class ReminderBook:
    """`ReplyController` opens and settles drafts; the engine's tools write (`dialogue.tools.toolbox.Reminders`)."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self._changed = asyncio.Event()
        self._kept = Drafted[tuple[Reminder, ...]]((), self._changed.set)
        self._number = 0

    def add(self, after_s: float, about: str, text: str) -> Reminder:
        """Raises BadInput for a time out of range, and where MOST are pending."""
        if not SHORTEST_S <= after_s <= LONGEST_S:
            raise BadInput("a timer runs for one second at least, and for a day at most")
        if len(self.pending()) >= MOST:
            raise BadInput(f"there are {counted(MOST, 'timer')} already; cancel one first")
        self._number += 1
        reminder = Reminder(self._number, self.now() + after_s, about, text)
        self._kept.write((*self._kept.value, reminder))
        return reminder

    def cancel(self, number: int) -> Reminder | None:
        found = next((each for each in self.pending() if each.number == number), None)
        if found is not None:
            self._kept.write(tuple(each for each in self._kept.value if each is not found))
        return found

    def pending(self) -> tuple[Reminder, ...]:
        """Those not said yet, the next one first. During a reply, those of its draft."""
        return tuple(sorted(self._kept.value, key=lambda each: each.due))

    def draft(self) -> None:
        """Opens a draft: a reply begins."""
        self._kept.draft()

    def settle(self, heard: bool) -> None:
        """Closes the draft: its reminders are kept if any of the reply was `heard`."""
        self._kept.settle(heard)

    def said(self, reminder: Reminder) -> None:
        """Removes a reminder that the user has heard."""
        self._kept.change(lambda kept: tuple(each for each in kept if each is not reminder))

    def holds(self, reminder: Reminder) -> bool:
        """Whether it is accepted and not said yet."""
        return reminder in self._kept.accepted

    async def next_due(self) -> Reminder:
        """Waits until the earliest accepted reminder is due, and returns it."""
        while True:
            first = min(self._kept.accepted, key=lambda each: each.due, default=None)
            left = None if first is None else first.due - self.now()
            if first is not None and left is not None and left <= 0:
                return first
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()
