"""Stage: says what is due, unasked, as soon as nobody has the floor. Whatever was not heard is said again."""

from __future__ import annotations

import asyncio

from dialogue.tools.toolbox import Reminder
from stream.replies.reminder_book import ReminderBook
from stream.replies.reply import Announcement
from stream.turns.floor import Floor

# Between the last word of somebody else and ours: a breath, in which the user may go on.
BREATH_S = 0.5


class ReminderStage:
    """Of one session: ends with it, and with it all that is still to come."""

    def __init__(self, book: ReminderBook, floor: Floor) -> None:
        self._book, self._floor = book, floor

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            reminder = await self._book.next_due()
            await self._floor.quiet.wait()
            await asyncio.sleep(BREATH_S)
            if self._book.holds(reminder) and await self._heard(reminder):
                self._book.said(reminder)

    async def _heard(self, reminder: Reminder) -> bool:
        """Say it, if the floor is still free; whether anything of it was heard."""
        over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def told(heard: bool) -> None:
            if not over.done():
                over.set_result(heard)

        said = await self._floor.announce(Announcement(reminder.text, self._book.now(), told))
        return said and await over
