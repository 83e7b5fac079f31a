"""A live session at this machine: joins a Session to a local microphone, camera and loudspeaker, or to a keyboard.

Devices call back on threads of their own; everything reaches the session on its event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from audio.capture import Device, LocalMicrophone, LocalSpeaker, NoSoundDevice
from audio.chunk import Chunk
from dialogue.errors import BadInput
from stream.runtime.events import (
    AudioReceived,
    DeviceLost,
    Expressed,
    Notice,
    Perceived,
    PlayoutMeasured,
    ReplyEnded,
    State,
    StateChanged,
    TextTyped,
    UserCaption,
)
from stream.session.session import Session

OVER = "the conversation was ended"
SPEAKER_DELAY_S = 0.05
# Without echo cancellation a microphone hears the loudspeaker: it counts as silent until so long after our last sound.
ECHO_S = 0.4
DRAIN_EVERY_S = 0.01
ANSWER_WITHIN_S = 120.0

Tell = Callable[[Expressed, float], None]


class LocalConversation:
    """One conversation. Made on a running event loop."""

    def __init__(self, session: Session, tell: Tell) -> None:
        self._session, self._tell = session, tell
        self._loop = asyncio.get_running_loop()
        self._state = State.LISTENING
        self._silent_since = float("-inf")
        self._asked_turn: int | None = None  # of the typed line that waits for its answer, once it is taken up
        self._answered = asyncio.Event()

    async def run(self, until: Callable[[], AsyncIterator[str]] | None = None) -> None:
        """Until the session ends, or every line of `until` (typed messages) has been answered."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._session.run(), name="session")
            helpers = [tasks.create_task(self._type(until()), name="keyboard")] if until else []
            try:
                async for event in self._session.events():
                    self._take(event)
            finally:
                self.end()
                for helper in helpers:
                    helper.cancel()

    def end(self) -> None:
        self._session.close(OVER)

    def push_from_thread(self, event: Perceived) -> None:
        """For whoever sees and hears on another thread."""
        self._loop.call_soon_threadsafe(self._session.push, event)

    @contextmanager
    def microphone(self, device: Device, headphones: bool) -> Iterator[None]:
        """Open for the length of the block; deaf to our own voice unless that goes to headphones. Raises BadInput."""

        def heard(chunk: Chunk) -> None:
            self._loop.call_soon_threadsafe(self.hear, chunk, headphones)

        def lost(reason: str) -> None:
            self.push_from_thread(DeviceLost("microphone", reason))

        with _plainly(lambda: LocalMicrophone(device, on_chunk=heard, on_lost=lost)):
            yield

    @contextmanager
    def loudspeaker(self, device: Device) -> Iterator[None]:
        """Plays our voice for the length of the block. Raises BadInput."""

        def lost(reason: str) -> None:
            self._loop.call_soon_threadsafe(self._tell, Notice("warning", "loudspeaker_lost", reason), 0.0)

        playback = self._session.playback
        self._session.push(PlayoutMeasured(SPEAKER_DELAY_S))
        with _plainly(lambda: LocalSpeaker(device, playback.rate, pull=playback.pull, on_lost=lost)):
            yield

    async def swallow_voice(self) -> None:
        """Instead of a loudspeaker: every sound counts as heard at once. Until cancelled."""
        self._session.push(PlayoutMeasured(0.0))
        while True:
            self._session.playback.pull(self._session.playback.rate)
            await asyncio.sleep(DRAIN_EVERY_S)

    def hear(self, chunk: Chunk, headphones: bool) -> None:
        """What the microphone brings, with silence for what is probably our own voice."""
        echoes = self._state is State.SPEAKING or self._session.now() - self._silent_since < ECHO_S
        if echoes and not headphones:
            chunk = replace(chunk, samples=np.zeros_like(chunk.samples))
        self._session.push(AudioReceived(chunk))

    def _take(self, event: Expressed) -> None:
        match event:
            case StateChanged(state):
                if self._state is State.SPEAKING:
                    self._silent_since = self._session.now()
                self._state = state
            case UserCaption(turn, typed=True):
                self._asked_turn = turn
            case ReplyEnded(turn) if self._asked_turn is not None and turn >= self._asked_turn:
                self._answered.set()  # one that ends before may be that of a timer that rang meanwhile
            case Notice(level="error"):
                self._answered.set()
        self._tell(event, self._session.now())

    async def _type(self, lines: AsyncIterator[str]) -> None:
        """One message after the other has been answered; then the conversation is over."""
        async for text in lines:
            if not text.strip():
                continue
            self._answered.clear()
            self._asked_turn = None
            self._session.push(TextTyped(text))
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    await self._answered.wait()
            except TimeoutError:
                self._tell(Notice("warning", "no_answer", "No answer came; ask again."), self._session.now())
        self.end()


@contextmanager
def _plainly(opened: Callable[[], LocalMicrophone | LocalSpeaker]) -> Iterator[None]:
    device = opened()
    try:
        device.start()
    except NoSoundDevice as error:
        raise BadInput(str(error)) from error
    with device:
        yield
