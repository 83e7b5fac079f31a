"""Translates for a server of OpenAI's Realtime dialect: it decides when the user has finished, we when it is cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dialogue.blocks import UnitBlock
from dialogue.engine import Capabilities
from dialogue.remote.realtime.common_messages import reported, said_before
from dialogue.remote.realtime.far_events import (
    UNIT_S,
    FarCall,
    FarDone,
    FarEvent,
    FarFault,
    FarReady,
    FarSound,
    FarTaken,
    FarWords,
    Message,
    Samples,
    Standing,
)
from dialogue.remote.realtime.far_sound import fields_of, from_pcm16, pcm16, shown, text_in
from dialogue.remote.remote_format import data_url
from dialogue.tools.function_call import FunctionCall
from dialogue.tools.json_calls import read_arguments

RATE_HZ = 24_000
# Interruptions are decided here: a backchannel is none.
TURNS = {"type": "semantic_vad", "eagerness": "auto", "create_response": True, "interrupt_response": False}
WORDS = {
    "response.output_audio_transcript.delta",
    "response.output_text.delta",
    "response.audio_transcript.delta",  # names from before the dialect was final, which some servers still have
    "response.text.delta",
}
SOUND = {"response.output_audio.delta", "response.audio.delta"}


class OpenAiFar:
    """`resample` takes a stream from 16 kHz to RATE_HZ, piece by piece."""

    can = Capabilities(hears=True, sees=True, speaks=True, duplex=True, tools=True, unit_s=UNIT_S)
    protocols: Sequence[str] = ()
    ends_by_silence = False

    def __init__(self, standing: Standing, resample: Callable[[Samples], Samples]) -> None:
        self._standing, self._resample = standing, resample
        self._ready = False
        self._asked = False  # the server will answer what was said or typed
        self._response: str | None = None  # the one under way
        self._cut: set[str] = set()  # responses that nobody hears any more
        self._calling: set[str] = set()  # responses that end with a call: the reply goes on in another one

    @property
    def awaits_answer(self) -> bool:
        return self._asked or self._response is not None

    def opened(self) -> list[Message]:
        return []

    def take(self, message: Message) -> FarTaken:
        kind, response = message.get("type"), _response_of(message)
        match kind:
            case "session.created":
                return FarTaken(answers=[{"type": "session.update", "session": self._session()}])
            case "session.updated" if not self._ready:
                self._ready = True
                return FarTaken([FarReady()], [_new_item(said_before(turn)) for turn in self._standing.said])
            case "input_audio_buffer.committed":
                self._asked = True
            case "response.created":
                self._asked, self._response = False, response
            case "response.done":
                return FarTaken(self._done(message, response))
            case "response.function_call_arguments.done" if response not in self._cut:
                self._calling.add(response)
                return FarTaken([FarCall(_call_in(message))])
            case "error":
                return FarTaken([reported(message, ready=self._ready)])
            case _ if response in self._cut:
                pass
            case _ if kind in WORDS:
                return FarTaken([FarWords(text_in(message.get("delta")))])
            case _ if kind in SOUND:
                return FarTaken([FarSound(from_pcm16(message.get("delta")), RATE_HZ, str(message.get("item_id")))])
        return FarTaken()

    def hear(self, unit: UnitBlock) -> list[Message]:
        messages: list[Message] = []
        if unit.rgb is not None:
            messages.append(_user_item([{"type": "input_image", "image_url": data_url(unit.rgb)}]))
        if len(unit.samples):
            sound = self._resample(unit.samples)
            messages.append({"type": "input_audio_buffer.append", "audio": pcm16(sound)})
        if unit.text:
            self._asked = True
            messages += [_user_item([{"type": "input_text", "text": unit.text}]), {"type": "response.create"}]
        return messages

    def cut(self, item: str, heard_s: float) -> list[Message]:
        messages: list[Message] = []
        if self._response is not None:
            self._cut = {self._response}
            messages.append({"type": "response.cancel"})
        if item:
            end_ms = round(heard_s * 1000)
            truncate = {"type": "conversation.item.truncate", "item_id": item, "content_index": 0}
            messages.append({**truncate, "audio_end_ms": end_ms})
        return messages

    def result(self, call: FunctionCall, result: str) -> list[Message]:
        self._asked = True
        output = {"type": "function_call_output", "call_id": call.number, "output": result}
        return [_new_item(output), {"type": "response.create"}]

    def closing(self) -> list[Message]:
        return []

    def _session(self) -> Message:
        sound = {"type": "audio/pcm", "rate": RATE_HZ}
        functions = [{"type": "function", **each["function"]} for each in self._standing.functions]
        return {
            **({"tools": functions} if functions else {}),
            "type": "realtime",
            "instructions": self._standing.instruction,
            "output_modalities": ["audio"],
            "audio": {"input": {"format": sound, "turn_detection": TURNS}, "output": {"format": sound}},
        }

    def _done(self, message: Message, response: str | None) -> list[FarEvent]:
        self._asked = False
        if response == self._response:
            self._response = None
        if response in self._cut or response in self._calling:
            self._cut.discard(str(response))
            self._calling.discard(str(response))
            return []
        about = fields_of(message.get("response"))
        if about.get("status") != "failed":
            return [FarDone()]
        error = fields_of(fields_of(about.get("status_details")).get("error"))
        return [FarFault(shown(error.get("message"), "The realtime server could not answer.")), FarDone()]


def _call_in(message: Mapping[str, Any]) -> FunctionCall:
    """Raises BadInput for a call that cannot be used."""
    name, number = text_in(message.get("name")), text_in(message.get("call_id"))
    return read_arguments(name, text_in(message.get("arguments")), number)


def _response_of(message: Mapping[str, Any]) -> str:
    """The id of the response that a message is about."""
    named = message.get("response_id") or fields_of(message.get("response")).get("id")
    return str(named)


def _user_item(content: list[Message]) -> Message:
    return _new_item({"type": "message", "role": "user", "content": content})


def _new_item(item: Message) -> Message:
    return {"type": "conversation.item.create", "item": item}
