"""Stage: says what an application adds to the conversation, or asks for, as soon as the floor is free."""

from __future__ import annotations

from stream.runtime.link import Link
from stream.runtime.queues import DropOldest
from stream.session.announcing import announced
from stream.session.floor import Floor
from stream.turns.decisions import PendingQuestion
from stream.turns.events import AnnouncementDue

QUEUE_SIZE = 16
MOST_TRIES = 3  # where the user speaks over it before any of it is heard


class CommentaryStage:
    """One per session. `queue` takes what is to be said; None: the answer to what was said and waits for one."""

    def __init__(self, *, floor: Floor, link: Link) -> None:
        self._floor, self._link = floor, link
        self.queue: DropOldest[str | None] = DropOldest(QUEUE_SIZE)

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            text = await self.queue.get()
            if text is None:
                await self._floor.quiet.wait()
                await self._floor.take(AnnouncementDue(PendingQuestion(self._link.now())))
                continue
            for _ in range(MOST_TRIES):
                if await announced(self._floor, text, self._link.now):
                    break
