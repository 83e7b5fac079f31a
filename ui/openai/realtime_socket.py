"""WebSocket /v1/realtime: one session of the server behind OpenAI's Realtime dialect.

The session begins with the first sound, picture or message, so that instructions can be set before it. Sound is sent at
the pace at which it is heard, so an interruption leaves nothing stale and the history holds what was heard.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from audio.chunk import Samples
from dialogue.errors import BadInput, Busy
from stream.runtime.events import DeviceSwitched, FrameReceived, PlayoutMeasured, TalkKeyPressed, TextTyped
from stream.session.session import Session
from ui.api.attachments import read_item
from ui.api.sound_pump import SoundPump
from ui.openai.served_models import ServedModels
from ui.realtime.openai_event import Message
from ui.realtime.openai_realtime import RATE_HZ, OpenAiRealtime, Taken, error_event
from vision.picture import Picture

log = logging.getLogger(__name__)

PROTOCOL = "realtime"
SHOW_EVERY_S = 0.25
UNSENT = 2000  # messages for a slow client, about 40 s of sound; then the connection is closed
TRY_AGAIN_LATER, POLICY_VIOLATION = 1013, 1008


async def realtime_socket(websocket: WebSocket, models: ServedModels | None) -> None:
    """Runs one connection to its end."""
    await websocket.accept(subprotocol=PROTOCOL if PROTOCOL in websocket.scope.get("subprotocols", []) else None)
    if models is None:
        await _refuse(websocket, "The models are not ready. Please try again in a few seconds.", "unavailable")
        return
    try:
        with models.admission.place():
            await _Connection(websocket, models).run()
    except Busy as error:
        await _refuse(websocket, str(error), "server_busy")


async def _refuse(websocket: WebSocket, message: str, code: str) -> None:
    await websocket.send_text(json.dumps(error_event(message, None, code=code, kind="server_error")))
    await websocket.close(TRY_AGAIN_LATER)


class _Connection:
    def __init__(self, websocket: WebSocket, models: ServedModels) -> None:
        self._websocket, self._models = websocket, models
        self._dialect = OpenAiRealtime(models.name)
        self._unsent: asyncio.Queue[Message] = asyncio.Queue(UNSENT)
        self._session: Session | None = None
        self._pump: SoundPump | None = None
        self._picture: Picture | None = None

    async def run(self) -> None:
        self._put([self._dialect.opened()])
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(self._send(), name="realtime/send")
            receiving = tasks.create_task(self._receive(tasks), name="realtime/receive")
            await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
            if self._session is not None:
                self._session.close("the client hung up")
            sending.cancel()
            receiving.cancel()

    async def _receive(self, tasks: asyncio.TaskGroup) -> None:
        with suppress(WebSocketDisconnect, KeyError):  # KeyError: a binary message
            while True:
                try:
                    message = json.loads(await self._websocket.receive_text())
                except (ValueError, RecursionError):
                    message = None
                taken = self._dialect.take(message)
                try:
                    await self._pass_on(taken, tasks)
                except BadInput as error:
                    taken.answers = [error_event(str(error), None)]
                self._put(taken.answers)

    async def _pass_on(self, taken: Taken, tasks: asyncio.TaskGroup) -> None:
        if taken.picture is not None:
            item = await asyncio.to_thread(read_item, {"type": "image_url", "image_url": taken.picture})
            assert isinstance(item, Picture), "a picture was read"
            self._picture = item
        speaks = taken.sound is not None or any(
            isinstance(each, TextTyped | TalkKeyPressed) for each in taken.perceived
        )
        session = self._begin(tasks) if speaks or taken.picture is not None else self._session
        if session is None or self._pump is None:
            return
        self._pump.on_voice = self._voiced if self._dialect.aloud else None
        for event in taken.perceived:
            session.push(event)
        if taken.cleared:
            self._pump.clear()
        if taken.sound is not None:
            self._pump.add(taken.sound)

    def _begin(self, tasks: asyncio.TaskGroup) -> Session:
        if self._session is None:
            models, dialect = self._models, self._dialect
            session = Session(f"realtime-{secrets.token_hex(4)}", models.parts, models.setup, out_rate=RATE_HZ)
            session.instruct(dialect.session.instructions)
            dialect.session.begun = True
            session.push(PlayoutMeasured(0.0))
            session.push(DeviceSwitched(hands_free=dialect.session.detects_turns))
            self._session = session
            self._pump = SoundPump(session, self._voiced, hears_silence=models.setup.capabilities.hears)
            tasks.create_task(session.run(), name="realtime/session")
            tasks.create_task(self._express(session, self._pump), name="realtime/events")
        return self._session

    async def _express(self, session: Session, pump: SoundPump) -> None:
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(pump.run()), tasks.create_task(self._show(session))]
            async for event in session.events():
                self._put(self._dialect.express(event))
            for task in beside:
                task.cancel()

    async def _show(self, session: Session) -> None:
        """Shows the client's newest picture as a camera does: it stays in view until another one comes."""
        while True:
            if self._picture is not None:
                session.push(FrameReceived(Picture(self._picture.rgb, session.now(), source="client")))
            await asyncio.sleep(SHOW_EVERY_S)

    def _voiced(self, samples: Samples) -> None:
        self._put(self._dialect.voiced(samples))

    def _put(self, messages: list[Message]) -> None:
        for message in messages:
            try:
                self._unsent.put_nowait(message)
            except asyncio.QueueFull:
                log.warning("A realtime client reads too slowly; its session ends.")
                if self._session is not None:
                    self._session.close("the client reads too slowly")
                return

    async def _send(self) -> None:
        """Sends until the client is gone or reads so slowly that messages were lost."""
        with suppress(WebSocketDisconnect, RuntimeError):  # RuntimeError: the socket is closed
            while True:
                message = await self._unsent.get()
                if self._unsent.full():
                    await self._websocket.close(POLICY_VIOLATION)
                    return
                await self._websocket.send_text(json.dumps(message))
