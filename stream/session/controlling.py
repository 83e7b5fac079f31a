"""Stage: what the user does other than speaking and showing: keys, switches, typed messages, lost devices."""

from __future__ import annotations

from stream.perception.watching import FrameWatching
from stream.runtime.events import (
    DeviceLost,
    DeviceSwitched,
    Interrupted,
    Notice,
    PlayoutMeasured,
    TalkKeyPressed,
    TextTyped,
)
from stream.runtime.lanes import DropOldest
from stream.runtime.link import Link
from stream.turns.floor import Floor
from stream.turns.hearing import AudioPerception

Control = TalkKeyPressed | DeviceSwitched | Interrupted | PlayoutMeasured | DeviceLost | TextTyped

LANE_CONTROLS = 64

# Longer than anybody types into a conversation, short enough for the smallest context.
LONGEST_MESSAGE = 2000

PLAYOUT_RANGE_S = (0.0, 1.0)


class SessionControls:
    """The hands of one session."""

    def __init__(self, floor: Floor, hearing: AudioPerception, watching: FrameWatching, link: Link) -> None:
        self._floor, self._hearing, self._watching, self._link = floor, hearing, watching, link
        self.lane: DropOldest[Control] = DropOldest(LANE_CONTROLS)

    async def run(self) -> None:
        """Until the lane is closed."""
        while True:
            await self._obey(await self.lane.get())

    async def _obey(self, control: Control) -> None:
        floor = self._floor
        match control:
            case TextTyped(text):
                await self._type(text)
            case TalkKeyPressed(down):
                await floor.carry_out(floor.turns.press(down, floor.sound.end_s))
            case Interrupted():
                await floor.carry_out(floor.turns.interrupt())
            case DeviceSwitched():
                await self._switch(control)
            case PlayoutMeasured(delay_s):
                least, most = PLAYOUT_RANGE_S
                floor.playout_s = min(max(delay_s, least), most)
            case DeviceLost(device, reason):
                await self._switch(
                    DeviceSwitched(microphone=False) if device == "microphone" else DeviceSwitched(camera=False)
                )
                self._link.emit(
                    Notice(
                        "warning", f"{device}_lost", f"The {device} is gone ({reason}). The call goes on without it."
                    )
                )

    async def _type(self, text: str) -> None:
        text = text.strip()
        if not text:
            return
        if len(text) > LONGEST_MESSAGE:
            self._link.emit(
                Notice(
                    "error",
                    "too_long",
                    f"That message has {len(text):,} characters; at most {LONGEST_MESSAGE:,} fit. Please shorten it.",
                )
            )
            return
        await self._floor.type(text)

    async def _switch(self, switched: DeviceSwitched) -> None:
        floor = self._floor
        if switched.camera is not None:
            self._watching.switch(switched.camera)
        if switched.hands_free is not None:
            await floor.carry_out(floor.turns.switch_hands_free(switched.hands_free))
        if switched.microphone is not None:
            self._hearing.switch(switched.microphone)
            if not switched.microphone:
                await floor.carry_out(floor.turns.forget())
