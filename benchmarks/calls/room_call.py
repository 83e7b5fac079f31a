"""One call in a simulated room: the microphone hears what a script says, and the echo of our own voice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from audio.resample import Resampler
from stream.models.parts import Parts
from stream.models.setup import SETUPS
from stream.runtime.events import AudioReceived, DeviceSwitched, ReplyEnded, State, StateChanged, TextTyped, UserCaption
from stream.session.session import Session
from tests.room_sounds import EchoPath, seconds

SETUP = SETUPS["scripted"]
FRAME_S = 0.02
OUT_RATE_HZ = 48_000


@dataclass
class RoomCallOutcome:
    """What happened in one call. Times in seconds of the microphone's sound."""

    replies: list[ReplyEnded] = field(default_factory=list)
    spoken: list[UserCaption] = field(default_factory=list)  # final, with words
    states: list[tuple[float, State]] = field(default_factory=list)

    @property
    def cut(self) -> int:
        return sum(reply.cut for reply in self.replies)


class RoomCall:
    """One call: `microphone` is what the room adds to the echo of our voice through `path`."""

    def __init__(self, parts: Parts, path: EchoPath | None = None) -> None:
        self._session = Session("room", parts, SETUP, out_rate=OUT_RATE_HZ)
        self._path, self._resampler = path, Resampler(OUT_RATE_HZ, HEARING_RATE_HZ)
        self._sent, self._waiting = 0, np.zeros(0, np.float32)
        self.outcome = RoomCallOutcome()

    async def run(self, microphone: Samples, *, asks_again: bool = False) -> RoomCallOutcome:
        """Plays the microphone's sound to its end. `asks_again`: types a message where nothing is being said."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._session.run())
            tasks.create_task(self._listen())
            self._session.push(DeviceSwitched(camera=False))
            began = self._session.now()
            for number in range(len(microphone) // seconds(FRAME_S)):
                start = number * seconds(FRAME_S)
                if asks_again and number % 50 == 0 and self._state is State.LISTENING:
                    self._session.push(TextTyped("Please go on."))
                self._frame(microphone[start : start + seconds(FRAME_S)])
                await asyncio.sleep(max(0.0, began + (number + 1) * FRAME_S - self._session.now()))
            self._session.close("over")
        return self.outcome

    @property
    def _state(self) -> State:
        return self.outcome.states[-1][1] if self.outcome.states else State.LISTENING

    def _frame(self, room: Samples) -> None:
        heard = room
        played = self._resampler.push(self._session.playback.pull(round(OUT_RATE_HZ * FRAME_S)))
        if self._path is not None:
            self._waiting = np.concatenate([self._waiting, self._path.hear(played)])
            echo, self._waiting = self._waiting[: len(room)], self._waiting[len(room) :]
            heard = room + np.pad(echo, (0, len(room) - len(echo)))
        self._session.push(AudioReceived(Chunk(heard.astype(np.float32), HEARING_RATE_HZ, self._sent)))
        self._sent += len(heard)

    async def _listen(self) -> None:
        async for event in self._session.events():
            match event:
                case ReplyEnded():
                    self.outcome.replies.append(event)
                case UserCaption(text=text, final=True, typed=False) if text:
                    self.outcome.spoken.append(event)
                case StateChanged(state, at):
                    self.outcome.states.append((at, state))
