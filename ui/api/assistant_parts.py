"""The models of an `Assistant`: opened at the first question, on an event loop of their own, and let go at the end.

Answers histories and opens sessions there. Safe to use from any thread; knows nothing of how it is asked for.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stream.models.admission import Admission
from stream.models.capacity import capacity_of
from stream.models.setup import Setup
from ui.api.own_loop import OwnLoop
from ui.host.plain_errors import plain_errors

if TYPE_CHECKING:  # they come with torch, which takes seconds to import
    from stream.models.parts import Parts
    from stream.requests.chat_requests import RequestOptions
    from stream.session.session import Session
    from ui.api.spoken_file import SpokenFile

History = Sequence[Mapping[str, Any]]


class AssistantParts:
    """Costs nothing before it is used. After `close` the next use would open it again."""

    def __init__(self, setup: Setup, home: Path) -> None:
        self.setup, self._home = setup, home
        self._loop: OwnLoop | None = None
        self._beginning = threading.Lock()
        self._opening: asyncio.Task[Parts] | None = None  # lives on our loop
        self._places: Admission | None = None

    @property
    def loop(self) -> OwnLoop:
        with self._beginning:
            self._loop = self._loop or OwnLoop("assistant")
            return self._loop

    def close(self) -> None:
        """From any thread but the loop's own; twice if need be."""
        with self._beginning:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.run(loop.finish(self._let_go()))
            loop.close()

    # What follows runs on that loop.

    async def parts(self) -> Parts:
        """Opened once. Raises what opening them raised, and tries again the next time."""
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.get_running_loop().create_task(self._open(), name="open parts")
        return await asyncio.shield(self._opening)

    async def reply(self, history: History, request_options: RequestOptions, speak: Path | str | None = None) -> str:
        """The whole reply; `speak` names a WAV file for it. Raises BadInput."""
        from ui.api.spoken_file import SpokenFile

        spoken = SpokenFile(Path(speak)) if speak is not None else None
        reply = "".join([piece async for piece in self.pieces(history, request_options, spoken)]).strip()
        if spoken is not None:
            await asyncio.to_thread(spoken.write)
        return reply

    async def pieces(
        self, history: History, request_options: RequestOptions, spoken: SpokenFile | None = None
    ) -> AsyncIterator[str]:
        """The reply to the last message, as it comes. Raises BadInput."""
        from stream.requests.chat_requests import ChatRequests
        from ui.api.attachments import read_history

        messages = await asyncio.to_thread(read_history, history)
        with plain_errors():
            chat_requests = ChatRequests(await self.parts(), self.setup)
        async for piece in chat_requests.answer(messages, spoken.add if spoken is not None else None, request_options):
            yield piece

    async def new_session(self, rate: int) -> Session:
        """A session in a place of its own. Raises Busy."""
        from stream.session.session import Session

        with plain_errors():
            parts = await self.parts()
        if self._places is None:
            self._places = Admission(capacity_of(parts, self.setup).sessions)
        self._places.take()
        try:
            return Session("program", parts, self.setup, out_rate=rate)
        except BaseException:
            self._places.leave()
            raise

    def leave_place(self) -> None:
        assert self._places is not None, "a call has taken a place before it leaves it"
        self._places.leave()

    async def _open(self) -> Parts:
        from stream.models.needs import weights_needed
        from stream.models.parts import open_parts
        from stream.models.weights import WeightStore
        from ui.host.progress import bars

        store = WeightStore(self._home)
        with bars() as progress:
            await asyncio.to_thread(store.pull, weights_needed(self.setup, store), progress)
        return await open_parts(self.setup, store)

    async def _let_go(self) -> None:
        if self._opening is not None:
            opening, self._opening = self._opening, None
            opening.cancel()
            await asyncio.wait([opening])
            if not opening.cancelled() and not opening.exception():
                await asyncio.to_thread(opening.result().close)
