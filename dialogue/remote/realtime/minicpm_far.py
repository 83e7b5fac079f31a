"""Translates for a server of OpenBMB's Realtime V1 dialect, which MiniCPM-o 4.5 has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dialogue.blocks import TextBlock, UnitBlock
from dialogue.engine import Capabilities
from dialogue.errors import BadInput
from dialogue.remote.realtime.common_messages import NO_TEXT, closed, reported
from dialogue.remote.realtime.far_events import (
    UNIT_S,
    FarDone,
    FarEvent,
    FarQueue,
    FarReady,
    FarSound,
    FarTaken,
    FarWords,
    Message,
    Standing,
)
from dialogue.remote.realtime.far_sound import float32, from_float32, text_in
from dialogue.remote.remote_format import data_url
from dialogue.tools.function_call import FunctionCall

RATE_HZ = 24_000
PROTOCOL = "map.realtime"
BEFORE = "This was said before; the conversation goes on after it."


class MiniCpmFar:
    """One session. `sees`: the server was asked for the mode "video"."""

    protocols: Sequence[str] = (PROTOCOL,)
    ends_by_silence = False
    awaits_answer = False  # the model may keep silent

    def __init__(self, standing: Standing, *, sees: bool) -> None:
        self.can = Capabilities(hears=True, sees=sees, speaks=True, duplex=True, unit_s=UNIT_S)
        self._standing = standing
        self._ready = self._responding = False
        self._cut = False  # what is left of the response is ignored
        self._listen = False  # to be forced with the next sound

    def opened(self) -> list[Message]:
        return []

    def take(self, message: Message) -> FarTaken:
        match message.get("type"):
            case "session.queued" | "session.queue_update":
                wait_s, position = message.get("estimated_wait_s"), message.get("position")
                place = position if isinstance(position, int) else 1
                return FarTaken([FarQueue(place, wait_s if isinstance(wait_s, int | float) else None)])
            case "session.queue_done":
                return FarTaken(answers=[{"type": "session.init", "payload": {"system_prompt": self._prompt()}}])
            case "session.created":
                self._ready = True
                return FarTaken([FarReady()])
            case "session.closed":
                return FarTaken([closed(message)])
            case "error":
                return FarTaken([reported(message, ready=self._ready)])
            case _:
                return FarTaken(self._said(message))

    def hear(self, unit: UnitBlock) -> list[Message]:
        if unit.text:
            raise BadInput(NO_TEXT)
        if not len(unit.samples):
            return []
        sent: dict[str, Any] = {"audio": float32(unit.samples)}
        if unit.listen or self._listen:
            sent["force_listen"], self._listen = True, False
        if unit.rgb is not None and self.can.sees:
            sent["video_frames"] = [data_url(unit.rgb).partition(",")[2]]
        return [{"type": "input.append", "input": sent}]

    def cut(self, item: str, heard_s: float) -> list[Message]:
        self._listen, self._cut = True, self._responding
        return []

    def result(self, call: FunctionCall, result: str) -> list[Message]:
        raise AssertionError("Servers of this dialect call no functions.")

    def closing(self) -> list[Message]:
        return [{"type": "session.close", "reason": "user_stop"}] if self._ready else []

    def _said(self, message: Message) -> list[FarEvent]:
        kind, form = message.get("type"), message.get("kind")
        if kind == "response.listen" or (kind == "response.output.delta" and form == "listen"):
            return self._over()
        if kind == "response.done":
            return self._over()
        events: list[FarEvent] = []
        if kind == "response.output_text.delta" or form == "text":
            text = text_in(message.get("text") or message.get("delta") or "")
            events += [FarWords(text)] if text else []
        elif kind == "response.output_audio.delta" or form == "audio":
            events.append(FarSound(from_float32(message.get("audio") or message.get("delta")), RATE_HZ))
        self._responding = self._responding or bool(events)
        events = [] if self._cut else events
        return [*events, *self._over()] if message.get("end_of_turn") is True else events

    def _over(self) -> list[FarEvent]:
        over, cut = self._responding, self._cut
        self._responding = self._cut = False
        return [FarDone()] if over and not cut else []

    def _prompt(self) -> str:
        """The instruction, with what was said before the connection was lost."""
        said = [f"{'user' if isinstance(turn, TextBlock) else 'you'}: {turn.text}" for turn in self._standing.said]
        return "\n".join([self._standing.instruction, *([BEFORE, *said] if said else [])])
