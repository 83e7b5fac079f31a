"""The wire's vocabulary: our events <-> the JSON of docs/wire.md. Every transport shares it.

What comes from a page is checked field by field; whatever is wrong with it is a BadInput that says so. Knows no
transport and no session.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, assert_never

from dialogue.engine import ContextUse
from dialogue.errors import BadInput
from stream.runtime.events import (
    ContextShown,
    DeviceLost,
    DeviceSwitched,
    Expressed,
    Interrupted,
    Notice,
    Perceived,
    PlayoutMeasured,
    ReplyEnded,
    ReplyHeard,
    ReplyRecalled,
    ReplyText,
    SceneSeen,
    SessionEnded,
    StateChanged,
    TalkKeyPressed,
    TextTyped,
    TurnTimed,
    UnitDecided,
    UserCaption,
)

Message = dict[str, Any]

LONGEST_MESSAGE = 250_000  # characters; a data channel carries no more either
LONGEST_REASON = 200
LONGEST_ECHO = 64
MOST_BLOCKS = 200  # more cannot be told apart on a page


@dataclass(frozen=True, slots=True)
class PingReceived:
    """The page is there; `t` comes back."""

    t: object


@dataclass(frozen=True, slots=True)
class LeaveReceived:
    """The page says goodbye."""


FromPage = Perceived | PingReceived | LeaveReceived


def _ms(seconds: Mapping[str, float]) -> dict[str, float]:
    return {stage: round(value * 1000, 1) for stage, value in seconds.items()}


def to_wire(event: Expressed) -> Message:
    """The message that tells a page of `event`."""
    match event:
        case StateChanged(state, _):
            return {"type": "state", "state": state.value}
        case UserCaption(turn, text, final, typed):
            return {"type": "user_caption", "turn": turn, "text": text, "final": final, "typed": typed}
        case ReplyText() | ReplyRecalled() | ReplyHeard() | ReplyEnded():
            return _reply(event)
        case SceneSeen():
            return _scene(event)
        case TurnTimed(turn, marks, budget, over):
            return {"type": "latency", "turn": turn, "marks": _ms(marks), "budget": _ms(budget), "over": list(over)}
        case ContextShown(use):
            return _context(use)
        case UnitDecided(number, speaks, forced, left):
            decision = "speaking" if speaks else "listening"
            return {"type": "unit", "number": number, "decision": decision, "forced": forced, "left": list(left)}
        case Notice(level, code, text, detail):
            told = {"type": "notice", "level": level, "code": code, "text": text}
            return {**told, "detail": dict(detail)} if detail else told
        case SessionEnded(reason):
            return bye(reason)
        case _:
            assert_never(event)


def _reply(event: ReplyText | ReplyRecalled | ReplyHeard | ReplyEnded) -> Message:
    match event:
        case ReplyText(turn, text):
            return {"type": "reply_text", "turn": turn, "text": text}
        case ReplyRecalled(turn, at):
            return {"type": "reply_recalled", "turn": turn, "at": round(at, 1)}
        case ReplyHeard(turn, characters):
            return {"type": "reply_heard", "turn": turn, "characters": characters}
        case ReplyEnded(turn, said, heard, cut):
            return {"type": "reply_ended", "turn": turn, "said": said, "heard": heard, "cut": cut}


def _context(use: ContextUse) -> Message:
    counts = {"tokens": dict(use.tokens), "limit": use.limit, "dropped": use.dropped_blocks}
    blocks = [list(block) for block in use.blocks] if len(use.blocks) <= MOST_BLOCKS else []
    return {"type": "context", **counts, "blocks": blocks, "left": dict(use.dropped)}


def _scene(seen: SceneSeen) -> Message:
    def box(corners: tuple[float, ...]) -> list[float]:
        return [round(float(corner), 4) for corner in corners]

    return {
        "type": "scene",
        "at": round(seen.at, 3),
        "objects": [{"label": o.label, "score": round(float(o.score), 3), "box": box(o.box)} for o in seen.objects],
        "texts": [{"text": text.text, "box": box(text.box)} for text in seen.texts],
        "description": seen.description,
        "camera": seen.camera,
    }


def hello(session: str, setup: str, version: str, budget_s: Mapping[str, float]) -> Message:
    """The first message of a call."""
    return {"type": "hello", "session": session, "setup": setup, "version": version, "budget": _ms(budget_s)}


def pong(ping: PingReceived) -> Message:
    return {"type": "pong", "t": ping.t}


def bye(reason: str) -> Message:
    return {"type": "bye", "reason": reason}


def bad_message(error: BadInput) -> Message:
    return to_wire(Notice("warning", "bad_message", str(error)))


def encoded(message: Message) -> str:
    """As text. Only ASCII, so that nothing a model or a page wrote can fail to be sent."""
    return json.dumps(message, separators=(",", ":"), allow_nan=False)


def from_wire(text: str | bytes) -> FromPage:
    """What a page says. Raises BadInput for anything that is not in docs/wire.md."""
    message = _object(text)
    kind = message.pop("type", None)
    reader = READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise BadInput(f"the message type {_shown(kind)} is not known; known are {', '.join(READERS)}")
    fields = _Fields(str(kind), message)
    event = reader(fields)
    fields.must_be_used_up()
    return event


def _object(text: str | bytes) -> Message:
    if not isinstance(text, str):
        raise BadInput("messages are text, not binary")
    if len(text) > LONGEST_MESSAGE:
        raise BadInput(f"a message has at most {LONGEST_MESSAGE} characters, not {len(text)}")
    try:
        message = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadInput("messages are JSON objects; this is not JSON") from None
    if not isinstance(message, dict):
        raise BadInput(f"messages are JSON objects with a type, not {_shown(message)}")
    return message


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _shown(value: object) -> str:
    """A value of the page's for an error text, short whatever it is."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    told = json.dumps(value)
    return told if len(told) <= 40 else told[:37] + "..."


class _Fields:
    """The fields of one message; each `take_` removes one and checks it."""

    def __init__(self, kind: str, fields: Message) -> None:
        self._kind, self._fields = kind, fields

    def must_be_used_up(self) -> None:
        if self._fields:
            raise BadInput(f"{self._kind} has no field {_shown(next(iter(self._fields)))}")

    def has(self, name: str) -> bool:
        return name in self._fields

    def take(self, name: str) -> object:
        if name not in self._fields:
            raise BadInput(f"{self._kind} needs the field {name}")
        return self._fields.pop(name)

    def take_bool(self, name: str) -> bool:
        value = self.take(name)
        if not isinstance(value, bool):
            raise BadInput(f"{self._kind}.{name} is true or false, not {_shown(value)}")
        return value

    def take_text(self, name: str) -> str:
        value = self.take(name)
        if not isinstance(value, str):
            raise BadInput(f"{self._kind}.{name} is text, not {_shown(value)}")
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise BadInput(f"{self._kind}.{name} has half a character in it")
        return value

    def take_number(self, name: str, least: float, most: float) -> float:
        value = self.take(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadInput(f"{self._kind}.{name} is a number, not {_shown(value)}")
        if not least <= value <= most or not math.isfinite(value):
            raise BadInput(f"{self._kind}.{name} is between {least:g} and {most:g}, not {_shown(value)}")
        return float(value)

    def take_one_of(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.take(name)
        if not isinstance(value, str) or value not in choices:
            raise BadInput(f"{self._kind}.{name} is one of {', '.join(choices)}, not {_shown(value)}")
        return value


def _say(fields: _Fields) -> FromPage:
    text = fields.take_text("text")
    if not text.strip():
        raise BadInput("there is nothing in this message")
    return TextTyped(text)


def _switch(fields: _Fields) -> FromPage:
    def read(name: str) -> bool | None:
        return fields.take_bool(name) if fields.has(name) else None

    switched = DeviceSwitched(read("microphone"), read("camera"), read("hands_free"))
    if switched == DeviceSwitched():
        raise BadInput("switch needs one of microphone, camera, hands_free")
    return switched


def _device_lost(fields: _Fields) -> FromPage:
    device = fields.take_one_of("device", ("microphone", "camera"))
    reason = fields.take_text("reason")[:LONGEST_REASON]
    return DeviceLost("microphone" if device == "microphone" else "camera", reason)


def _ping(fields: _Fields) -> FromPage:
    t = fields.take("t")
    small = isinstance(t, str) and len(t) <= LONGEST_ECHO
    if not (small or t is None or (isinstance(t, int | float) and abs(t) < 1e300)):
        raise BadInput(f"ping.t is a number or a text of at most {LONGEST_ECHO} characters, not {_shown(t)}")
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
    "playout": lambda fields: PlayoutMeasured(fields.take_number("delay_ms", 0, 60_000) / 1000),
    "device_lost": _device_lost,
    "ping": _ping,
    "bye": _left,
}
