"""Translates for a server of OpenAI's Live dialect (GPT-Live): no turns, the model decides when it speaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dialogue.blocks import UnitBlock
from dialogue.engine import Capabilities
from dialogue.errors import BadInput
from dialogue.remote.realtime.common_messages import NO_TEXT, closed, reported, said_before
from dialogue.remote.realtime.far_events import UNIT_S, FarReady, FarSound, FarTaken, FarWords, Message, Standing
from dialogue.remote.realtime.far_sound import fields_of, from_pcm16, pcm16, text_in
from dialogue.tools.function_call import FunctionCall

RATE_HZ = 16_000
NO_DELEGATE = "Nobody is there to look into it: answer yourself, or say that you do not know."


class LiveFar:
    """One session. A reply is over when nothing of it comes any more."""

    can = Capabilities(hears=True, sees=False, speaks=True, duplex=True, unit_s=UNIT_S)
    protocols: Sequence[str] = ()
    ends_by_silence = True
    awaits_answer = False  # the model may keep silent

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._ready = False

    def opened(self) -> list[Message]:
        session: dict[str, Any] = {
            "model": self._standing.model or "gpt-live",
            "instructions": self._standing.instruction,
            "audio": {"format": {"type": "audio/pcm", "rate": RATE_HZ}},
        }
        if self._standing.said:
            session["input"] = [said_before(turn) for turn in self._standing.said]
        return [{"type": "session.start", "session": session}]

    def take(self, message: Message) -> FarTaken:
        match message.get("type"):
            case "session.started":
                self._ready = True
                return FarTaken([FarReady()])
            case "session.output_transcript.delta":
                return FarTaken([FarWords(text_in(message.get("delta")))])
            case "session.output_audio.delta":
                return FarTaken([FarSound(from_pcm16(message.get("delta")), RATE_HZ)])
            case "session.delegation.created":
                about = fields_of(message.get("delegation")).get("id")
                answer = {"type": "session.thinking.append", "content": NO_DELEGATE, "delegation_id": about}
                return FarTaken(answers=[answer])
            case "error":
                return FarTaken([reported(message, ready=self._ready)])
            case "session.closed":
                return FarTaken([closed(message)])
        return FarTaken()

    def hear(self, unit: UnitBlock) -> list[Message]:
        if unit.text:
            raise BadInput(NO_TEXT)
        if not len(unit.samples):
            return []
        return [{"type": "session.input_audio.append", "audio": pcm16(unit.samples)}]

    def cut(self, item: str, heard_s: float) -> list[Message]:
        return []  # the model hears that it is interrupted

    def result(self, call: FunctionCall, result: str) -> list[Message]:
        raise AssertionError("Servers of this dialect call no functions.")

    def closing(self) -> list[Message]:
        return [{"type": "session.close"}] if self._ready else []
