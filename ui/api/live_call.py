"""A live call from a program: feed it sound and pictures, take events and sound, with or without asyncio.

The session runs on the assistant's own loop, so that a program that computes or draws in between disturbs nothing.
Whatever is said to `hear` is heard at the pace of life: silence follows where nothing more was brought.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from audio.clean import sound_from
from audio.resample import Resampler
from dialogue.errors import BadInput, EngineLost
from stream.runtime.events import (
    AudioReceived,
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
from stream.runtime.lanes import DropOldest, QueueClosed
from ui.api.attachments import read_item
from ui.api.own_loop import OwnLoop
from vision.picture import Picture

if TYPE_CHECKING:
    from stream.session.session import Session

FRAME_S = 0.02
EVENTS_KEPT = 4096  # for a program that does not look; the oldest go first
LONGEST_QUEUE_S = 120.0  # of sound that was brought ahead of its time
PATIENCE_S = 120.0
SILENCE_NOTICED = "silent_microphone"  # said of a device that is muted; here silence is what was not brought
OVER = "the program ended the call"


@dataclass(frozen=True, slots=True, eq=False)
class Voiced:
    """The next piece of the assistant's voice: float32 mono (n,) at `rate`, to be played at `at` of the call."""

    samples: Samples
    rate: int
    at: float


Happening = Expressed | Voiced
NewSession = Callable[[int], Awaitable["Session"]]  # rate of the outgoing sound -> a session with a place of its own


class LiveCall:
    """One call, from entering its block to leaving it. Every method may be called from any thread.

    `async for event in call` and `for event in call` give what happens (stream/runtime/events.py, and Voiced), until
    the call ends. `aloud=False` throws the voice away, and replies end as soon as they are made.
    """

    def __init__(
        self,
        loop: OwnLoop,
        open_session: NewSession,
        leave: Callable[[], None],
        *,
        rate: int,
        aloud: bool,
        hears_silence: bool,
    ) -> None:
        """`hears_silence`: the model lives by the second, so there is a microphone even where none was brought."""
        self._loop, self._open_session, self._leave, self._rate, self._aloud = loop, open_session, leave, rate, aloud
        self._hears_silence = hears_silence
        self._happened: DropOldest[Happening] = DropOldest(EVENTS_KEPT)
        self._ear: Resampler | None = None
        self._brought: deque[Samples] = deque()
        self._asking = asyncio.Lock()
        self._answer: asyncio.Future[str] | None = None
        self._asked: int | None = None  # the turn to be answered: what was being said before it ends first
        self._session: Session | None = None
        self._living: asyncio.Task[None] | None = None

    def hear(self, samples: Any, rate: int = HEARING_RATE_HZ) -> None:
        """The next sound of the microphone, (n,) of floats or integers. Raises BadInput."""
        try:
            sound = sound_from(np.asarray(samples), rate)
        except ValueError as error:
            raise BadInput(f"this is no sound: {error}") from error
        self._loop.run(self._bring(sound))

    def see(self, image: Any) -> None:
        """The camera's next picture: a path, a PIL image, or an array (H, W, 3) of uint8. Raises BadInput."""
        held = read_item({"type": "image", "image": image})
        if not isinstance(held, Picture):
            raise BadInput("this is no picture: give a path, a PIL image, or an array (height, width, 3) of uint8")
        self._push(lambda session: FrameReceived(Picture(held.rgb, session.now(), source="program")))

    def write(self, text: str) -> None:
        """A typed message: answered like a spoken one."""
        self._push(lambda _: TextTyped(text))

    def interrupt(self) -> None:
        """The reply that is going on ends here."""
        self._push(lambda _: Interrupted())

    def switch(
        self, *, microphone: bool | None = None, camera: bool | None = None, hands_free: bool | None = None
    ) -> None:
        """What the buttons of the page do; None leaves a thing as it is."""
        self._push(lambda _: DeviceSwitched(microphone, camera, hands_free))

    def ask(self, text: str, patience_s: float = PATIENCE_S) -> str:
        """A typed message and its whole reply (as far as it was heard, where it is interrupted).

        Raises BadInput where the message cannot be used, EngineLost where the call ends or nothing is answered.
        """
        return self._loop.run(self._ask(text, patience_s))

    async def aask(self, text: str, patience_s: float = PATIENCE_S) -> str:
        """As `ask`."""
        return await asyncio.wrap_future(self._loop.submit(self._ask(text, patience_s)))

    def __iter__(self) -> Iterator[Happening]:
        while (event := self._loop.run(self._next())) is not None:
            yield event

    async def __aiter__(self) -> AsyncIterator[Happening]:
        while (event := await asyncio.wrap_future(self._loop.submit(self._next()))) is not None:
            yield event

    def __enter__(self) -> Self:
        self._loop.run(self._begin())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with suppress(EngineLost):  # the assistant was closed before: the call has ended with it
            self._loop.run(self._end())

    async def __aenter__(self) -> Self:
        await asyncio.wrap_future(self._loop.submit(self._begin()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        with suppress(EngineLost):
            await asyncio.wrap_future(self._loop.submit(self._end()))

    def _push(self, event: Callable[[Session], Perceived]) -> None:
        async def push() -> None:
            session = self._opened()
            session.push(event(session))

        self._loop.run(push())

    # What follows runs on the assistant's loop.

    def _opened(self) -> Session:
        if self._session is None:
            raise BadInput('a call is open inside its block: "with assistant.live() as call:"')
        return self._session

    async def _begin(self) -> None:
        assert self._session is None, "a call is entered once"
        self._session = await self._open_session(self._rate)
        self._session.push(PlayoutMeasured(0.0))
        self._living = asyncio.get_running_loop().create_task(self._live(self._session), name="live call")

    async def _end(self) -> None:
        if self._session is not None and self._living is not None:
            self._session.close(OVER)
            await asyncio.wait([self._living])
            self._session = None

    async def _live(self, session: Session) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(session.run(), name="session")
                pump = tasks.create_task(self._pump(session), name="sound")
                async for event in session.events():
                    self._take(event)
                pump.cancel()
        finally:
            self._happened.close()
            self._leave()

    def _take(self, event: Expressed) -> None:
        if isinstance(event, Notice) and event.code == SILENCE_NOTICED:
            return
        self._happened.put(event)
        if self._answer is None or self._answer.done():
            return
        match event:
            case UserCaption(turn, _, True, True):
                self._asked = turn
            case ReplyEnded(turn, said, heard, cut) if self._asked is not None and turn >= self._asked:
                self._answer.set_result((heard if cut else said).strip())
            case Notice("error", _, text):
                self._answer.set_exception(BadInput(text))
            case SessionEnded(reason):
                self._answer.set_exception(EngineLost(f"the call ended before there was an answer ({reason})"))

    async def _next(self) -> Happening | None:
        with suppress(QueueClosed):
            return await self._happened.get()
        return None

    async def _ask(self, text: str, patience_s: float) -> str:
        async with self._asking:
            session = self._opened()
            self._answer, self._asked = asyncio.get_running_loop().create_future(), None
            session.push(TextTyped(text))
            try:
                async with asyncio.timeout(patience_s):
                    return await self._answer
            except TimeoutError as error:
                raise EngineLost(f"no answer came within {patience_s:.0f} seconds") from error

    async def _bring(self, sound: Chunk) -> None:
        self._opened()
        if self._ear is None or self._ear.rate_in != sound.rate:
            self._ear = Resampler(sound.rate, HEARING_RATE_HZ)
        if sum(map(len, self._brought)) > LONGEST_QUEUE_S * HEARING_RATE_HZ:
            raise BadInput(f"{LONGEST_QUEUE_S:.0f} seconds of sound wait to be heard: bring it as it is spoken")
        self._brought.append(self._ear.push(sound.samples))

    async def _pump(self, session: Session) -> None:
        """A frame every 20 ms in each direction; after a delay, all that are due."""
        due, index, per_frame = session.now(), 0, round(HEARING_RATE_HZ * FRAME_S)
        while True:
            if index or self._brought or self._hears_silence:  # a microphone that was never there is not a dead one
                session.push(AudioReceived(Chunk(self._frame(per_frame), HEARING_RATE_HZ, index)))
                index += per_frame
            self._pull(session)
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - session.now()))

    def _frame(self, length: int) -> Samples:
        """What was brought, and silence behind it."""
        frame, filled = np.zeros(length, np.float32), 0
        while filled < length and self._brought:
            head = self._brought.popleft()
            taken = head[: length - filled]
            frame[filled : filled + len(taken)] = taken
            filled += len(taken)
            if len(taken) < len(head):
                self._brought.appendleft(head[len(taken) :])
        return frame

    def _pull(self, session: Session) -> None:
        playback = session.playback
        if not self._aloud:
            playback.pull(playback.rate)  # heard at once, by nobody
            return
        before = playback.waiting_s()
        samples = playback.pull(round(playback.rate * FRAME_S))
        if before > 0.0 and playback.waiting_s() != before:  # else it is held, or not its turn
            self._happened.put(Voiced(samples, playback.rate, session.now()))
