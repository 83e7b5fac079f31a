"""Stage: says due reminders, unprompted, as soon as the floor is free. A reminder that was not heard is repeated."""

from __future__ import annotations

from functools import partial

from stream.replies.reminder_book import ReminderBook
from stream.session.announcing import announced
from stream.session.floor import Floor


class ReminderStage:
    """Says the reminders of one session; those still pending at its end are lost."""

    def __init__(self, *, book: ReminderBook, floor: Floor) -> None:
        self._book, self._floor = book, floor

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            reminder = await self._book.next_due()
            wanted = partial(self._book.holds, reminder)
            if await announced(self._floor, reminder.text, self._book.now, wanted):
                self._book.said(reminder)
