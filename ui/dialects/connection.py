"""Runs one session behind a realtime dialect, over any wire that carries JSON text in both directions.

Sound is sent at the pace at which it is heard, so an interruption leaves nothing stale and the history holds what was
heard.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from contextlib import suppress
from dataclasses import replace
from typing import NoReturn, Protocol

from audio.chunk import Chunk, Samples
from dialogue.errors import BadInput
from dialogue.remote.delegate import Delegate
from stream.models.parts import Parts
from stream.runtime.events import DeviceSwitched, FrameReceived, PlayoutMeasured, SessionEnded
from stream.runtime.given import AcknowledgementSwitched
from stream.session.session import Session
from stream.session.session_start import SessionStart
from ui.api.sound_pump import SoundPump
from ui.dialects.client_delegate import ClientDelegate
from ui.dialects.sideband import Sideband, Wire, WireClosed
from ui.openai.client_functions import ClientFunctions
from ui.openai.served_models import ServedModels
from ui.realtime.dialect import EXPIRED, HUNG_UP, Beginning, Dialect, LargerModelAsked, Message, MessageEffects
from vision.picture import Picture
from vision.picture_file import open_picture

log = logging.getLogger(__name__)

SHOW_EVERY_S = 0.25
LAST_MESSAGES_S = 1.0
UNSENT = 2000  # messages for a slow client, about 40 s of sound; then the connection is closed


class SoundPath(Protocol):
    """Moves sound between the client and the session; `ui.api.sound_pump.SoundPump` implements it."""

    def add(self, sound: Chunk) -> None: ...
    def clear(self) -> None: ...
    async def run(self) -> None: ...


class DialectConnection:
    """To be used once: `run` returns when the client, the dialect or the session has ended it."""

    def __init__(self, wire: Wire, models: ServedModels, dialect: Dialect, out_rate: int | None = None) -> None:
        self._wire, self._models, self._dialect = wire, models, dialect
        self._unsent: asyncio.Queue[Message | None] = asyncio.Queue(UNSENT)
        self._session: Session | None = None
        self._pump: SoundPath | None = None
        self._out_rate = out_rate  # of the wire's own sound, where it carries sound beside its messages
        self._picture: Picture | None = None
        self._client, self._functions = ClientDelegate(), ClientFunctions(self._called)
        self._sidebands: set[Sideband] = set()
        self._tasks: asyncio.TaskGroup | None = None
        self.too_slow = False  # the client did not read what was sent

    async def run(self, most_s: float | None = None) -> None:
        """Runs the connection, for at most `most_s`."""
        self._put(self._dialect.opened())
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            sending = tasks.create_task(self._send(), name="dialect/send")
            receiving = tasks.create_task(self._receive(tasks), name="dialect/receive")
            starting = tasks.create_task(self._started(tasks), name="dialect/start")
            await asyncio.wait({sending, receiving}, timeout=most_s, return_when=asyncio.FIRST_COMPLETED)
            if not (sending.done() or receiving.done()):
                self._put([self._dialect.failed("This API key has used its minutes of today.", "minutes_used_up")])
                self._put(self._dialect.express(SessionEnded(EXPIRED)))
                self._finish()
                await asyncio.wait({sending}, timeout=LAST_MESSAGES_S)
            if self._session is not None:
                self._session.close(HUNG_UP)
            for task in (sending, receiving, starting):
                task.cancel()
        for sideband in self._sidebands:
            sideband.finish()

    async def attach(self, wire: Wire) -> None:
        """Runs a trusted server beside the client, until it is gone or the session ends."""
        sideband = Sideband(wire)
        sideband.put(self._dialect.attached())
        self._sidebands.add(sideband)
        try:
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(sideband.send(), name="sideband/send")
                receiving = tasks.create_task(self._receive_beside(sideband), name="sideband/receive")
                await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
                sending.cancel()
                receiving.cancel()
        finally:
            self._sidebands.discard(sideband)

    async def _receive_beside(self, sideband: Sideband) -> None:
        while self._tasks is not None:
            try:
                text = await sideband.receive()
            except WireClosed:
                return
            taken = await self._taken(text, self._tasks, trusted=True)
            if [answer["type"] for answer in taken.answers] == ["error"]:
                sideband.put(taken.answers)
            else:
                self._put(taken.answers)
            if taken.ends:
                self._finish()

    async def _started(self, tasks: asyncio.TaskGroup) -> None:
        """Comes once the connection is there; a session over a WebSocket waits for a message that begins it."""

    def _sound_path(self, session: Session) -> SoundPath:
        return SoundPump(
            session,
            on_voice=self._voiced,
            aloud=lambda: self._dialect.aloud,
            hears_silence=self._models.setup.capabilities.hears,
        )

    async def _receive(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            try:
                text = await self._wire.receive()
            except WireClosed:
                return
            taken = await self._taken(text, tasks)
            self._put(taken.answers)
            await asyncio.sleep(0)  # a flood of messages does not hold up the other sessions
            if taken.ends:
                self._finish()
                await asyncio.Event().wait()  # until the answers are sent

    async def _taken(self, text: str | bytes, tasks: asyncio.TaskGroup, *, trusted: bool = False) -> MessageEffects:
        """What a message means; it is done, or its answers say why not."""
        taken = self._dialect.take(message_in(text), trusted=trusted)
        try:
            await self._pass_on(taken, tasks)
        except BadInput as error:
            taken.answers = [self._dialect.failed(str(error))]
        return taken

    async def _pass_on(self, taken: MessageEffects, tasks: asyncio.TaskGroup) -> None:
        if taken.picture is not None:
            self._picture = await asyncio.to_thread(_opened, taken.picture)
        session = self._begin(tasks) if taken.begins else self._session
        if session is None or self._pump is None:
            return
        if taken.cleared:
            self._pump.clear()
        for event in taken.perceived:
            session.push(event)
        if taken.answer is not None:
            self._client.answer(taken.answer)
        for call_id, result in taken.results.items():
            self._functions.give(call_id, result)
        if taken.sound is not None:
            self._pump.add(taken.sound)

    def _begin(self, tasks: asyncio.TaskGroup) -> Session:
        if self._session is None:
            models, beginning = self._models, self._dialect.beginning()
            name = f"dialect-{secrets.token_hex(4)}"
            out_rate = self._out_rate or beginning.out_rate
            start = SessionStart(
                instructions=beginning.instructions, said=beginning.said, generation=beginning.generation
            )
            session = Session(
                name=name, parts=self._parts(beginning), setup=models.setup, start=start, out_rate=out_rate
            )
            if self._out_rate is None:  # else the guess for WebRTC holds
                session.push(PlayoutMeasured(0.0))
            session.push(DeviceSwitched(hands_free=beginning.hands_free))
            session.push(AcknowledgementSwitched(False))  # its sound would be no part of any response
            if beginning.turns is not None:
                session.push(beginning.turns)
            self._session = session
            self._pump = self._sound_path(session)
            tasks.create_task(session.run(), name="dialect/session")
            tasks.create_task(self._express(session, self._pump), name="dialect/events")
        return self._session

    def _parts(self, beginning: Beginning) -> Parts:
        """The models, with the functions of this client and the larger model that it asks."""
        parts = self._models.parts
        if beginning.functions:
            parts = replace(parts, tools=(*parts.tools, *self._functions.tools(beginning.functions)))
        if beginning.asks_client:
            return replace(parts, delegate=self._client)
        if beginning.larger is not None and isinstance(parts.delegate, Delegate):
            return replace(parts, delegate=self._larger(parts.delegate, beginning.larger))
        return parts

    def _larger(self, model: Delegate, asked: LargerModelAsked) -> Delegate:
        return replace(
            model,
            instruction=asked.instructions or model.instruction,
            most_tokens=asked.most_tokens or model.most_tokens,
            tools=self._functions.tools(asked.functions),
            on_text=lambda text: self._put(self._dialect.larger_said(text)),
        )

    async def _express(self, session: Session, pump: SoundPath) -> None:
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(pump.run()), tasks.create_task(self._show(session))]
            async for event in session.events():
                self._put(self._dialect.express(event))
            for task in beside:
                task.cancel()
        self._finish()

    async def _show(self, session: Session) -> None:
        """Shows the client's newest picture as a camera does: it stays in view until another one comes."""
        while True:
            if self._picture is not None:
                session.push(FrameReceived(Picture(self._picture.rgb, session.now(), source="client")))
            await asyncio.sleep(SHOW_EVERY_S)

    def _called(self, call_id: str, name: str, arguments: str) -> None:
        self._put(self._dialect.called(call_id, name, arguments))

    def _voiced(self, samples: Samples) -> None:
        self._put(self._dialect.voiced(samples))

    def _put(self, messages: list[Message]) -> None:
        for sideband in self._sidebands:
            sideband.put(messages)
        for message in self._dialect.visible(messages):
            if self._unsent.qsize() >= UNSENT - 1:  # one place is kept for the end
                if not self.too_slow:
                    log.warning("A realtime client reads too slowly; its session ends.")
                self.too_slow = True
                return
            self._unsent.put_nowait(message)

    def _finish(self) -> None:
        """The connection ends when all messages so far are sent."""
        with suppress(asyncio.QueueFull):
            self._unsent.put_nowait(None)

    async def _send(self) -> None:
        """Sends until the dialect ends, the client is gone, or it reads so slowly that messages were lost."""
        try:
            while not self.too_slow and (message := await self._unsent.get()) is not None:
                await self._wire.send(json.dumps(message))
        except WireClosed:
            return


def message_in(text: str | bytes) -> object:
    """The JSON value in a message; None where it is not JSON."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _opened(data: bytes) -> Picture:
    try:
        return open_picture(data)
    except ValueError as error:
        raise BadInput(str(error)) from error
