"""Reads the messages of a page, JSON as in docs/wire.md. Independent of the transport.

They are checked field by field; a fault raises BadInput that names it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn, cast

from dialogue.errors import BadInput
from dialogue.languages.language import CODES
from stream.languages.speakers import AUTO, LANGUAGE_OF
from stream.runtime.adapting import AdapterChosen
from stream.runtime.events import (
    DeviceLost,
    DeviceSwitched,
    Interrupted,
    Perceived,
    PlayoutMeasured,
    TalkKeyPressed,
    TextTyped,
)
from stream.runtime.given import AcknowledgementSwitched, PictureDetailChosen
from stream.runtime.spoken import LanguageChosen, SpeakerChosen
from stream.runtime.translating import Mode, TranslationSwitched
from stream.runtime.watching import NarrationSwitched, WatchDeleted
from ui.realtime.wire import Message

LONGEST_MESSAGE = 250_000  # characters; a data channel carries no more
LONGEST_REASON = 200
LONGEST_ECHO = 64


@dataclass(frozen=True, slots=True)
class PingReceived:
    """A ping of the page; the pong returns `t`."""

    t: object


@dataclass(frozen=True, slots=True)
class LeaveReceived:
    """The page leaves the call."""


FromPage = Perceived | PingReceived | LeaveReceived


def pong(ping: PingReceived) -> Message:
    return {"type": "pong", "t": ping.t}


def from_wire(text: str | bytes) -> FromPage:
    """The event in a message of a page. Raises BadInput for a message that is not in docs/wire.md."""
    message = _object(text)
    kind = message.pop("type", None)
    reader = READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise BadInput(f"The message type {_shown(kind)} is unknown. Known types are {', '.join(READERS)}.")
    fields = _Fields(str(kind), message)
    event = reader(fields)
    fields.must_be_used_up()
    return event


def _object(text: str | bytes) -> Message:
    if not isinstance(text, str):
        raise BadInput("Messages must be text, not binary.")
    if len(text) > LONGEST_MESSAGE:
        raise BadInput(f"A message must have at most {LONGEST_MESSAGE} characters, not {len(text)}.")
    try:
        message = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadInput("Messages must be JSON objects; this is not JSON.") from None
    if not isinstance(message, dict):
        raise BadInput(f"Messages must be JSON objects with a type, not {_shown(message)}.")
    return message


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _shown(value: object) -> str:
    """A value from the page, shortened for an error message."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."


class _Fields:
    """The fields of one message; each `take_` method removes a field and checks it."""

    def __init__(self, kind: str, fields: Message) -> None:
        self._kind, self._fields = kind, fields

    def must_be_used_up(self) -> None:
        if self._fields:
            raise BadInput(f"{self._kind} has no field {_shown(next(iter(self._fields)))}.")

    def has(self, name: str) -> bool:
        return name in self._fields

    def take(self, name: str) -> object:
        if name not in self._fields:
            raise BadInput(f"{self._kind} needs the field {name}.")
        return self._fields.pop(name)

    def take_bool(self, name: str) -> bool:
        value = self.take(name)
        if not isinstance(value, bool):
            raise BadInput(f"{self._kind}.{name} must be true or false, not {_shown(value)}.")
        return value

    def take_text(self, name: str) -> str:
        value = self.take(name)
        if not isinstance(value, str):
            raise BadInput(f"{self._kind}.{name} must be text, not {_shown(value)}.")
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise BadInput(f"{self._kind}.{name} contains half a character (a lone surrogate).")
        return value

    def take_number(self, name: str, least: float, most: float) -> float:
        value = self.take(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadInput(f"{self._kind}.{name} must be a number, not {_shown(value)}.")
        if not least <= value <= most or not math.isfinite(value):
            raise BadInput(f"{self._kind}.{name} must be between {least:g} and {most:g}, not {_shown(value)}.")
        return float(value)

    def take_one_of(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.take(name)
        if not isinstance(value, str) or value not in choices:
            raise BadInput(f"{self._kind}.{name} must be one of {', '.join(choices)}, not {_shown(value)}.")
        return value


def _say(fields: _Fields) -> FromPage:
    text = fields.take_text("text")
    if not text.strip():
        raise BadInput("The message is empty.")
    return TextTyped(text)


def _switch(fields: _Fields) -> FromPage:
    def read(name: str) -> bool | None:
        return fields.take_bool(name) if fields.has(name) else None

    switched = DeviceSwitched(read("microphone"), read("camera"), read("hands_free"))
    if switched == DeviceSwitched():
        raise BadInput("switch needs one of the fields microphone, camera, hands_free.")
    return switched


def _device_lost(fields: _Fields) -> FromPage:
    device = fields.take_one_of("device", ("microphone", "camera"))
    reason = fields.take_text("reason")[:LONGEST_REASON]
    return DeviceLost("microphone" if device == "microphone" else "camera", reason)


def _playout(fields: _Fields) -> FromPage:
    delay_s = fields.take_number("delay_ms", 0, 60_000) / 1000
    known = fields.has("round_trip_ms")
    return PlayoutMeasured(delay_s, fields.take_number("round_trip_ms", 0, 60_000) / 1000 if known else None)


def _unwatch(fields: _Fields) -> FromPage:
    number = fields.take_number("number", 1, 1e9)
    if number != int(number):
        raise BadInput(f"unwatch.number must be a whole number, not {_shown(number)}.")
    return WatchDeleted(int(number))


def _voice(fields: _Fields) -> FromPage:
    name = fields.take_text("voice")
    if name not in LANGUAGE_OF:
        raise BadInput(f"voice.voice must be one of /voices, not {_shown(name)}.")
    return SpeakerChosen(name)


def _translate(fields: _Fields) -> FromPage:
    mode = fields.take_one_of("mode", ("off", "table", "captions"))
    mine = fields.take_one_of("language", CODES) if fields.has("language") else ""
    return TranslationSwitched(cast(Mode, mode), mine)


def _ping(fields: _Fields) -> FromPage:
    t = fields.take("t")
    small = isinstance(t, str) and len(t) <= LONGEST_ECHO
    if not (small or t is None or (isinstance(t, int | float) and abs(t) < 1e300)):
        raise BadInput(f"ping.t must be a number or a text of at most {LONGEST_ECHO} characters, not {_shown(t)}.")
    return PingReceived(t)


def _left(fields: _Fields) -> FromPage:
    if fields.has("reason"):
        fields.take_text("reason")
    return LeaveReceived()


READERS: Mapping[str, Callable[[_Fields], FromPage]] = {
    "say": _say,
    "talk": lambda fields: TalkKeyPressed(fields.take_bool("down")),
    "switch": _switch,
    "interrupt": lambda fields: Interrupted(),
    "playout": _playout,
    "narrate": lambda fields: NarrationSwitched(fields.take_bool("on")),
    "detail": lambda fields: PictureDetailChosen("always" if fields.take_bool("always") else "asked"),
    "acknowledge": lambda fields: AcknowledgementSwitched(fields.take_bool("on")),
    "adapter": lambda fields: AdapterChosen(fields.take_text("name")),
    "unwatch": _unwatch,
    "language": lambda fields: LanguageChosen(fields.take_one_of("language", (AUTO, *CODES))),
    "voice": _voice,
    "translate": _translate,
    "device_lost": _device_lost,
    "ping": _ping,
    "bye": _left,
}
