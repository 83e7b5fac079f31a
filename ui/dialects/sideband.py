"""A trusted server beside the client of a session: it gets every event but sound, and may send what the client may."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Protocol

from ui.realtime.dialect import Message

UNSENT = 500  # messages that wait for a slow one; then it is left behind
SOUND = ".output_audio.delta"


class Wire(Protocol):
    """Both methods raise WireClosed once the other end is gone."""

    async def receive(self) -> str | bytes: ...
    async def send(self, text: str) -> None: ...


class WireClosed(Exception):
    """The other end is gone."""


class Sideband:
    """One attached server. `put` never blocks."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._unsent: asyncio.Queue[Message | None] = asyncio.Queue(UNSENT)
        self._over = False

    def put(self, messages: list[Message]) -> None:
        for message in messages:
            if not message["type"].endswith(SOUND):
                self._add(message)

    def finish(self) -> None:
        """It ends when all messages so far are sent."""
        self._add(None)

    def _add(self, message: Message | None) -> None:
        if self._over:
            return
        if self._unsent.full():  # it reads too slowly
            self._over = True
            self._unsent.get_nowait()
            message = None
        self._unsent.put_nowait(message)

    async def send(self) -> None:
        """Sends until the session ends, the server is gone, or it reads too slowly."""
        with suppress(WireClosed):
            while (message := await self._unsent.get()) is not None:
                await self._wire.send(json.dumps(message))

    async def receive(self) -> str | bytes:
        return await self._wire.receive()
