"""Runs the user's functions of one session off the event loop, with a word to the user where one takes long.

The call goes on meanwhile: who speaks interrupts the reply, and with it a function that waits.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from stream.models.parts import off_the_loop
from stream.runtime.link import Link
from stream.runtime.shown import PictureDrawn

BRIDGE_AFTER_S = 2.0
BRIDGE = "One moment. "


def show_drawn(link: Link, pictures: Sequence[bytes]) -> None:
    """Shows the user the pictures (JPEG) that a function made."""
    for picture in pictures:
        link.emit(PictureDrawn(base64.b64encode(picture).decode()))


class Bridges(Protocol):
    """What fills a pause of the reply, such as `ReplyController`."""

    async def bridge(self, words: str) -> None: ...


class ToolRuns:
    """`dialogue.tools.toolbox.Toolbox.in_background` of one session."""

    def __init__(self, replies: Bridges) -> None:
        self._replies = replies

    async def __call__(self, call: Callable[[], Any]) -> Any:
        running = asyncio.create_task(off_the_loop(call), name="tool")
        try:
            done, _ = await asyncio.wait({running}, timeout=BRIDGE_AFTER_S)
            if not done:
                await self._replies.bridge(BRIDGE)
            return await running
        finally:
            running.cancel()
