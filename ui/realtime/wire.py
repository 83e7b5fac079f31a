"""Converts events to the JSON messages of docs/wire.md. Independent of the transport."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, assert_never

from dialogue.engine import ContextUse
from dialogue.errors import BadInput
from stream.runtime.adapting import AdapterInUse
from stream.runtime.events import (
    ConsentAsked,
    ContextShown,
    DelegationChanged,
    DeviceStopped,
    Expressed,
    Notice,
    ReplyEnded,
    ReplyHeard,
    ReplyText,
    SceneSeen,
    SessionEnded,
    StateChanged,
    TurnRecorded,
    TurnTimed,
    UnitDecided,
    UserCaption,
    Why,
)
from stream.runtime.origins import ReplyCited, ReplyRecalled
from stream.runtime.shown import MOST_FILE_BYTES, MOST_PICTURE_BYTES, PictureDrawn, ShownChanged
from stream.runtime.spoken import LanguageChanged, VoiceDucked
from stream.runtime.translating import Translated, TranslationChanged
from stream.runtime.watching import WatchingChanged

Message = dict[str, Any]

MOST_BLOCKS = 200  # more are too narrow to see on a page


def _ms(seconds: Mapping[str, float]) -> dict[str, float]:
    return {stage: round(value * 1000, 1) for stage, value in seconds.items()}


def to_wire(event: Expressed) -> Message:
    """The message that reports `event` to a page."""
    match event:
        case StateChanged(state, _):
            return {"type": "state", "state": state.value}
        case UserCaption(turn, text, final, typed):
            return {"type": "user_caption", "turn": turn, "text": text, "final": final, "typed": typed}
        case ReplyText() | ReplyRecalled() | ReplyCited() | ReplyHeard() | ReplyEnded():
            return _reply(event)
        case ConsentAsked() | DeviceStopped() | DelegationChanged() | WatchingChanged():
            return _of_tool(event)
        case SceneSeen() | ShownChanged() | PictureDrawn():
            return _scene(event) if isinstance(event, SceneSeen) else _shown(event)
        case TurnTimed() | Why() | TurnRecorded():
            return _of_recorder(event)
        case ContextShown() | UnitDecided() | AdapterInUse():
            return _of_model(event)
        case Notice(level, code, text, detail):
            notice = {"type": "notice", "level": level, "code": code, "text": text}
            return {**notice, "detail": dict(detail)} if detail else notice
        case LanguageChanged() | VoiceDucked() | TranslationChanged() | Translated():
            return _of_voice(event)
        case SessionEnded(reason):
            return bye(reason)
        case _:
            assert_never(event)


def _of_model(event: ContextShown | UnitDecided | AdapterInUse) -> Message:
    match event:
        case ContextShown(use):
            return _context(use)
        case UnitDecided(number, speaks, forced, left):
            decision = "speaking" if speaks else "listening"
            return {"type": "unit", "number": number, "decision": decision, "forced": forced, "left": list(left)}
        case AdapterInUse(names, name):
            return {"type": "adapter", "names": list(names), "name": name}


def _of_voice(event: LanguageChanged | VoiceDucked | TranslationChanged | Translated) -> Message:
    match event:
        case LanguageChanged(code, fixed):
            return {"type": "language", "language": code, "fixed": fixed}
        case VoiceDucked(on, silent):
            return {"type": "duck", "on": on, "silent": silent}
        case TranslationChanged(mode, mine, theirs):
            return {"type": "translation", "mode": mode, "mine": mine, "theirs": theirs}
        case Translated(turn, number, text, code):
            return {"type": "translated", "turn": turn, "number": number, "text": text, "language": code}


def _of_recorder(event: TurnTimed | Why | TurnRecorded) -> Message:
    match event:
        case TurnTimed(turn, marks, budget, over):
            return {"type": "latency", "turn": turn, "marks": _ms(marks), "budget": _ms(budget), "over": list(over)}
        case Why(turn, kind, text, at):
            return {"type": "why", "turn": turn, "kind": kind, "text": text, "at": round(at, 2)}
        case TurnRecorded(turn):
            delays = {"silence": event.silence_s, "network": event.network_s, "jitter_buffer": event.jitter_buffer_s}
            return {
                "type": "turn_record",
                "turn": turn,
                "outcome": event.outcome,
                "delays": _ms({name: value for name, value in delays.items() if value is not None}),
                "pauses": [[round(1000 * silence_s), round(p, 3)] for silence_s, p in event.pauses],
                "broken_by": event.broken_by,
            }


def _of_tool(event: ConsentAsked | DeviceStopped | DelegationChanged | WatchingChanged) -> Message:
    match event:
        case ConsentAsked(turn, question):
            return {"type": "consent", "turn": turn, "question": question}
        case DeviceStopped(device):
            return {"type": "stopped", "device": device}
        case DelegationChanged(pending, server, picture):
            return {"type": "delegation", "pending": pending, "server": server, "picture": picture}
        case WatchingChanged(rules, narrating):
            shown = [{"number": rule.number, "text": rule.text} for rule in rules]
            return {"type": "watching", "rules": shown, "narrating": narrating}


def _reply(event: ReplyText | ReplyRecalled | ReplyCited | ReplyHeard | ReplyEnded) -> Message:
    match event:
        case ReplyText(turn, text):
            return {"type": "reply_text", "turn": turn, "text": text}
        case ReplyRecalled(turn, at):
            return {"type": "reply_recalled", "turn": turn, "at": round(at, 1)}
        case ReplyCited(turn, source, text):
            return {"type": "reply_cited", "turn": turn, "source": source, "text": text}
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


def _shown(shown: ShownChanged | PictureDrawn) -> Message:
    if isinstance(shown, PictureDrawn):
        return {"type": "drawn", "picture": shown.picture}
    message = {"type": "shown", "number": shown.number, "name": shown.name, "kind": shown.kind, "state": shown.state}
    more = {"done": round(shown.done, 3), "text": shown.text, "thumbnail": shown.thumbnail}
    return {**message, **{name: value for name, value in more.items() if value}}


def hello(
    session: str,
    setup: str,
    version: str,
    budget_s: Mapping[str, float],
    *,
    upgrading: bool = False,
    sees: bool = False,
) -> Message:
    """The first message of a call. `upgrading`: calls that begin later get a better language model; `sees`: the model
    gets pictures itself."""
    budget, shows = _ms(budget_s), {"picture": MOST_PICTURE_BYTES, "file": MOST_FILE_BYTES}
    greeting = {
        "type": "hello",
        "session": session,
        "setup": setup,
        "version": version,
        "budget": budget,
        "shows": shows,
    }
    flags = {"upgrading": upgrading, "sees": sees}
    return {**greeting, **{name: True for name, on in flags.items() if on}}


def bye(reason: str) -> Message:
    return {"type": "bye", "reason": reason}


def bad_message(error: BadInput) -> Message:
    return to_wire(Notice("warning", "bad_message", str(error)))


def encoded(message: Message) -> str:
    """The message as JSON. Only ASCII, so that every text of a model or a page can be sent."""
    return json.dumps(message, separators=(",", ":"), allow_nan=False)
