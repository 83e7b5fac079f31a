"""Says something unprompted, once the floor is free."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stream.session.floor import Floor
from stream.turns.decisions import Announcement
from stream.turns.events import AnnouncementDue

# Silence before an announcement, in which the user may go on speaking.
PAUSE_BEFORE_S = 0.5


async def announced(
    floor: Floor, text: str, now: Callable[[], float], wanted: Callable[[], bool] = lambda: True
) -> bool:
    """Waits until the floor has been free for a moment, then says `text` if `wanted()`.

    Returns whether any of it was heard. `now` is the session clock.
    """
    await floor_free(floor, now)
    return wanted() and await said_now(floor, text, now)


async def floor_free(floor: Floor, now: Callable[[], float]) -> None:
    """Waits until the floor has been free for PAUSE_BEFORE_S."""
    while True:
        await floor.quiet.wait()
        left_s = floor.quiet_since + PAUSE_BEFORE_S - now()
        if left_s <= 0:
            return
        await asyncio.sleep(left_s)


async def said_now(floor: Floor, text: str, now: Callable[[], float]) -> bool:
    """Says `text` at once; False where the floor is not free, or nothing of it was heard."""
    over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def report(heard: bool) -> None:
        if not over.done():
            over.set_result(heard)

    said = bool(await floor.take(AnnouncementDue(Announcement(text, now(), report))))
    return said and await over
