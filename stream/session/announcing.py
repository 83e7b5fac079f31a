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
    """Waits until the floor is free and a moment longer, then says `text` if it still is and `wanted()`.

    Returns whether any of it was heard. `now` is the session clock.
    """
    await floor.quiet.wait()
    await asyncio.sleep(PAUSE_BEFORE_S)
    if not wanted():
        return False
    over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def report(heard: bool) -> None:
        if not over.done():
            over.set_result(heard)

    said = bool(await floor.take(AnnouncementDue(Announcement(text, now(), report))))
    return said and await over
