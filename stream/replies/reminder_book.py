"""One session's timers and reminders, on the session clock. Says nothing itself: `reminding.py` does.

A reply may be prepared and taken back, or cut before anybody has heard a word of it. So it works on a draft, which is
thrown away or agreed as a whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from dialogue.errors import BadInput
from dialogue.text.grammar import counted
from dialogue.tools.toolbox import Reminder

MOST = 32
SHORTEST_S, LONGEST_S = 1.0, 24 * 3600.0


class ReminderBook:
    """`answering` opens and settles drafts; the engine's tools write through `dialogue.tools.toolbox.Reminding`."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self._agreed: tuple[Reminder, ...] = ()
        self._draft: tuple[Reminder, ...] | None = None
        self._said: set[int] = set()
        self._number = 0
        self._changed = asyncio.Event()

    def add(self, after_s: float, about: str, text: str) -> Reminder:
        """Raises BadInput for a time that will not do, or where there are too many."""
        if not SHORTEST_S <= after_s <= LONGEST_S:
            raise BadInput("a timer runs for one second at least, and for a day at most")
        if len(self.pending()) >= MOST:
            raise BadInput(f"there are {counted(MOST, 'timer')} already; cancel one first")
        self._number += 1
        reminder = Reminder(self._number, self.now() + after_s, about, text)
        self._write((*self.pending(), reminder))
        return reminder

    def cancel(self, number: int) -> Reminder | None:
        found = next((each for each in self.pending() if each.number == number), None)
        if found is not None:
            self._write(tuple(each for each in self.pending() if each is not found))
        return found

    def pending(self) -> tuple[Reminder, ...]:
        """Those not said yet, the next one first; in a reply, as that reply has it."""
        here = self._agreed if self._draft is None else self._draft
        return tuple(sorted((each for each in here if each.number not in self._said), key=lambda each: each.due))

    def draft(self) -> None:
        """A reply begins."""
        self._draft = self._agreed

    def settle(self, heard: bool) -> None:
        """The reply is over: what it wrote counts if something of it was `heard`."""
        draft, self._draft = self._draft, None
        if heard and draft is not None:
            self._write(draft)

    def said(self, reminder: Reminder) -> None:
        """The user knows."""
        self._said.add(reminder.number)
        self._agreed = tuple(each for each in self._agreed if each is not reminder)

    def holds(self, reminder: Reminder) -> bool:
        """Whether it is agreed, and not said yet."""
        return reminder in self._agreed

    async def next_due(self) -> Reminder:
        """Waits until one is due: the earliest of those agreed."""
        while True:
            first = min(self._agreed, key=lambda each: each.due, default=None)
            left = None if first is None else first.due - self.now()
            if first is not None and left is not None and left <= 0:
                return first
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()

    def _write(self, reminders: tuple[Reminder, ...]) -> None:
        kept = tuple(each for each in reminders if each.number not in self._said)
        if self._draft is None:
            self._agreed = kept
            self._changed.set()
        else:
            self._draft = kept
