"""Stage: says due reminders, unprompted, as soon as the floor is free. A reminder that was not heard is repeated."""

from __future__ import annotations

import asyncio

from dialogue.tools.toolbox import Reminder
from stream.replies.reminder_book import ReminderBook
from stream.session.floor import Floor
from stream.turns.decisions import Announcement
from stream.turns.events import AnnouncementDue

# Silence before an announcement, in which the user may go on speaking.
PAUSE_BEFORE_S = 0.5


class ReminderStage:
    """Says the reminders of one session; those still pending at its end are lost."""

    def __init__(self, *, book: ReminderBook, floor: Floor) -> None:
        self._book, self._floor = book, floor

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            reminder = await self._book.next_due()
            await self._floor.quiet.wait()
            await asyncio.sleep(PAUSE_BEFORE_S)
            if self._book.holds(reminder) and await self._announced(reminder):
                self._book.said(reminder)

    async def _announced(self, reminder: Reminder) -> bool:
        """Says it if the floor is still free. Returns whether any of it was heard."""
        over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def report(heard: bool) -> None:
            if not over.done():
                over.set_result(heard)

        announcement = Announcement(reminder.text, self._book.now(), report)
        said = bool(await self._floor.take(AnnouncementDue(announcement)))
        return said and await over
