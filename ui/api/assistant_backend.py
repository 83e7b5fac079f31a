"""Runs the models of an `Assistant`: opens them at the first question, answers histories and opens sessions.

Everything runs on a background event loop, so an `AssistantBackend` may be used from any thread.
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
from stream.runtime.failures import plain_errors
from ui.api.background_loop import BackgroundLoop
from ui.host.default_llm import with_default_llm

if TYPE_CHECKING:  # these import torch, which takes seconds
    from stream.models.parts import Parts
    from stream.requests.chat_requests import RequestOptions
    from stream.session.session import Session
    from ui.api.speech_file import SpeechFile

History = Sequence[Mapping[str, Any]]


class AssistantBackend:
    """Opens nothing before the first use. The first use after `close` opens the models again."""

    def __init__(self, setup: Setup, home: Path) -> None:
        self.setup, self._home = setup, home
        self._loop: BackgroundLoop | None = None
        self._lock = threading.Lock()
        self._opening: asyncio.Task[Parts] | None = None  # runs on the background loop
        self._admission: Admission | None = None

    @property
    def loop(self) -> BackgroundLoop:
        with self._lock:
            self._loop = self._loop or BackgroundLoop("assistant")
            return self._loop

    def close(self) -> None:
        """Closes the models. May be called twice, from any thread except the background loop's."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.run(loop.finish(self._close_parts()))
            loop.close()

    # The methods below run on the background loop.

    async def parts(self) -> Parts:
        """The models, opened once. Raises what opening them raised; the next call tries again."""
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.get_running_loop().create_task(self._open(), name="open parts")
        return await asyncio.shield(self._opening)

    async def reply(self, history: History, request_options: RequestOptions, speak: Path | str | None = None) -> str:
        """The whole reply. `speak` names a WAV file to which it is also spoken. Raises BadInput."""
        from ui.api.speech_file import SpeechFile

        speech = SpeechFile(Path(speak)) if speak is not None else None
        reply = "".join([piece async for piece in self.pieces(history, request_options, speech)]).strip()
        if speech is not None:
            await asyncio.to_thread(speech.write)
        return reply

    async def pieces(
        self, history: History, request_options: RequestOptions, speech: SpeechFile | None = None
    ) -> AsyncIterator[str]:
        """Streams the reply to the last message. Raises BadInput."""
        from stream.requests.chat_requests import ChatRequests
        from ui.api.attachments import read_history

        messages = await asyncio.to_thread(read_history, history)
        with plain_errors():
            chat_requests = ChatRequests(await self.parts(), self.setup)
        async for piece in chat_requests.answer(messages, speech.add if speech is not None else None, request_options):
            yield piece

    async def new_session(self, rate: int) -> Session:
        """A session whose voice has the sample rate `rate`, in Hz. Raises Busy when all slots are taken."""
        from stream.session.session import Session

        with plain_errors():
            parts = await self.parts()
        if self._admission is None:
            self._admission = Admission(capacity_of(parts, self.setup).sessions)
        self._admission.take()
        try:
            return Session(name="program", parts=parts, setup=self.setup, out_rate=rate)
        except BaseException:
            self._admission.leave()
            raise

    def release_slot(self) -> None:
        """Frees the slot of a session that has ended."""
        assert self._admission is not None, "a session takes a slot before it releases it"
        self._admission.leave()

    async def _open(self) -> Parts:
        from stream.models.needs import weights_needed
        from stream.models.parts import open_parts
        from stream.models.weights import WeightStore
        from ui.host.progress import fetch

        store = WeightStore(self._home)
        self.setup = await asyncio.to_thread(with_default_llm, self.setup, store)
        await asyncio.to_thread(fetch, store, weights_needed(self.setup, store))
        return await open_parts(self.setup, store)

    async def _close_parts(self) -> None:
        if self._opening is not None:
            opening, self._opening = self._opening, None
            opening.cancel()
            await asyncio.wait([opening])
            if not opening.cancelled() and not opening.exception():
                await asyncio.to_thread(opening.result().close)
