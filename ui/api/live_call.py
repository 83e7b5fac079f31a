"""Holds a live call from a program, with or without asyncio: takes sound and pictures, gives events and sound.

The session runs on the assistant's background loop, so a program that computes in between does not delay it. Sound
given to `hear` plays into the session in real time; silence follows when no sound is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from audio.clean import sound_from
from dialogue.errors import BadInput, EngineLost
from stream.runtime.adapting import AdapterChosen
from stream.runtime.events import (
    DeviceSwitched,
    Expressed,
    FrameReceived,
    Interrupted,
    Notice,
    Perceived,
    PlayoutMeasured,
    ReplyEnded,
    SessionEnded,
    TextTyped,
    UserCaption,
)
from stream.runtime.queues import DropOldest, QueueClosed
from ui.api.attachments import read_item
from ui.api.background_loop import BackgroundLoop
from ui.api.call_events import CallEvent, Voiced
from ui.api.sound_pump import SoundPump
from ui.api.sync_and_async import sync_and_async
from vision.picture import Picture

if TYPE_CHECKING:
    from stream.session.session import Session

EVENTS_KEPT = 4096  # for a program that does not read them; the oldest are dropped first
ANSWER_TIMEOUT_S = 120.0
# The notice about a muted device; in a program it only means that no sound was sent.
SILENCE_NOTICED = "silent_microphone"
ENDED = "the program ended the call"

NewSession = Callable[[int], Awaitable["Session"]]  # rate of the outgoing sound in Hz -> an admitted session


class LiveCall:
    """One call, which begins and ends with its `with` block. Every method may be called from any thread.

    `for event in call` and `async for event in call` yield events (ui/api/call_events.py) until the call ends.
    `aloud=False` discards the voice; replies then end as soon as they are generated.
    """

    def __init__(
        self,
        loop: BackgroundLoop,
        open_session: NewSession,
        release_slot: Callable[[], None],
        *,
        rate: int,
        aloud: bool,
        hears_silence: bool,
    ) -> None:
        """`hears_silence`: the model takes sound every second, so it hears silence when the program sends no sound."""
        self._loop, self._open_session, self._release_slot = loop, open_session, release_slot
        self._rate, self._aloud, self._hears_silence = rate, aloud, hears_silence
        self._events: DropOldest[CallEvent] = DropOldest(EVENTS_KEPT)
        self._pump: SoundPump | None = None
        self._ask_lock = asyncio.Lock()
        self._answer: asyncio.Future[str] | None = None
        self._asked_turn: int | None = None  # the turn to be answered; an earlier reply may end first
        self._session: Session | None = None
        self._session_task: asyncio.Task[None] | None = None

    def hear(self, samples: Any, rate: int = HEARING_RATE_HZ) -> None:
        """Adds sound of the microphone: (n,) floats or integers at `rate` Hz. Raises BadInput."""
        try:
            sound = sound_from(np.asarray(samples), rate)
        except ValueError as error:
            raise BadInput(f"This is not a recording: {error}") from error
        self._loop.run(self._add_sound(sound))

    def see(self, image: Any) -> None:
        """Shows the camera's next picture: a path, a PIL image, or an array (H, W, 3) of uint8. Raises BadInput."""
        item = read_item({"type": "image", "image": image})
        if not isinstance(item, Picture):
            raise BadInput("This is not a picture. Give a path, a PIL image, or an array (height, width, 3) of uint8.")
        self._push(lambda session: FrameReceived(Picture(item.rgb, session.now(), source="program")))

    def write(self, text: str) -> None:
        """Sends a typed message, which is answered like a spoken one."""
        self._push(lambda _: TextTyped(text))

    def interrupt(self) -> None:
        """Ends the current reply."""
        self._push(lambda _: Interrupted())

    def use_adapter(self, name: str) -> None:
        """Has the replies from the next one on written with the LoRA adapter of this name, or with none ("")."""
        self._push(lambda _: AdapterChosen(name))

    def switch(
        self, *, microphone: bool | None = None, camera: bool | None = None, hands_free: bool | None = None
    ) -> None:
        """Switches devices like the buttons of the page; None leaves a setting unchanged."""
        self._push(lambda _: DeviceSwitched(microphone, camera, hands_free))

    async def _ask(self, text: str, timeout_s: float = ANSWER_TIMEOUT_S) -> str:
        """Sends a typed message and returns the whole reply (the part that was heard, if it is interrupted).

        Raises BadInput when the message cannot be used, EngineLost when the call ends or no reply comes in time.
        """
        async with self._ask_lock:
            session = self._opened()
            self._answer, self._asked_turn = asyncio.get_running_loop().create_future(), None
            session.push(TextTyped(text))
            try:
                async with asyncio.timeout(timeout_s):
                    return await self._answer
            except TimeoutError as error:
                raise EngineLost(f"No answer came within {timeout_s:.0f} seconds.") from error

    ask, aask = sync_and_async(_ask)

    def __iter__(self) -> Iterator[CallEvent]:
        while (event := self._loop.run(self._next())) is not None:
            yield event

    async def __aiter__(self) -> AsyncIterator[CallEvent]:
        while (event := await self._loop.arun(self._next())) is not None:
            yield event

    def __enter__(self) -> Self:
        self._loop.run(self._begin())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with suppress(EngineLost):  # closing the assistant has ended the call
            self._loop.run(self._end())

    async def __aenter__(self) -> Self:
        await self._loop.arun(self._begin())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        with suppress(EngineLost):
            await self._loop.arun(self._end())

    def _push(self, event: Callable[[Session], Perceived]) -> None:
        async def push() -> None:
            session = self._opened()
            session.push(event(session))

        self._loop.run(push())

    # The methods below run on the assistant's loop.

    def _opened(self) -> Session:
        if self._session is None:
            raise BadInput('A call is open only inside its block: "with assistant.live() as call:".')
        return self._session

    async def _begin(self) -> None:
        assert self._session is None, "the block of a call is entered once"
        self._session = await self._open_session(self._rate)
        self._pump = SoundPump(
            self._session, on_voice=self._voiced, aloud=lambda: self._aloud, hears_silence=self._hears_silence
        )
        self._session.push(PlayoutMeasured(0.0))
        self._session_task = asyncio.get_running_loop().create_task(
            self._live(self._session, self._pump), name="live call"
        )

    async def _end(self) -> None:
        if self._session is not None and self._session_task is not None:
            self._session.close(ENDED)
            await asyncio.wait([self._session_task])
            self._session = None

    async def _live(self, session: Session, pump: SoundPump) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(session.run(), name="session")
                pumping = tasks.create_task(pump.run(), name="sound")
                async for event in session.events():
                    self._take(event)
                pumping.cancel()
        finally:
            self._events.close()
            self._release_slot()

    def _take(self, event: Expressed) -> None:
        if isinstance(event, Notice) and event.code == SILENCE_NOTICED:
            return
        self._events.put(event)
        if self._answer is None or self._answer.done():
            return
        match event:
            case UserCaption(turn, _, True, True):
                self._asked_turn = turn
            case ReplyEnded(turn, said, heard, cut) if self._asked_turn is not None and turn >= self._asked_turn:
                self._answer.set_result((heard if cut else said).strip())
            case Notice("error", _, text):
                self._answer.set_exception(BadInput(text))
            case SessionEnded(reason):
                self._answer.set_exception(EngineLost(f"The call ended before the answer ({reason})."))

    async def _next(self) -> CallEvent | None:
        with suppress(QueueClosed):
            return await self._events.get()
        return None

    async def _add_sound(self, sound: Chunk) -> None:
        self._opened()
        assert self._pump is not None, "the pump begins with the session"
        self._pump.add(sound)

    def _voiced(self, samples: Samples) -> None:
        if self._session is not None:
            self._events.put(Voiced(samples, self._rate, self._session.now()))
