"""The server process's side of its supervisor: the listening socket, and the link that says who lives."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from ui.host.address import Address
from ui.host.supervisor import READY


class SupervisorLink:
    """Made of the last argument that the supervisor gives: "LISTENING,LINK", two file descriptors."""

    def __init__(self, descriptors: str) -> None:
        listening, link = (int(number) for number in descriptors.split(","))
        self.listening, self._link = socket.socket(fileno=listening), socket.socket(fileno=link)
        for each in (self.listening, self._link):
            each.setblocking(False)

    def address(self, host: str) -> Address:
        """The address of the listening socket, under the name that the user gave."""
        return Address(host, int(self.listening.getsockname()[1]))

    def is_ready(self) -> None:
        """The server takes calls."""
        self._link.send(READY)

    def when_lost(self, stop: Callable[[], None]) -> None:
        """Calls `stop` on the running loop once the supervisor has gone."""
        loop = asyncio.get_running_loop()

        def readable() -> None:
            loop.remove_reader(self._link)
            stop()

        loop.add_reader(self._link, readable)
