"""Reads the events of a recorded call (`stream.recording.call_recording`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from dialogue.errors import BadInput
from stream.recording.call_recording import EVENTS, VERSION
from stream.recording.event_json import decision, turn_event
from stream.turns.decisions import Decision
from stream.turns.duplex_turns import DuplexTurns
from stream.turns.events import TurnEvent
from stream.turns.overlap import LONGEST_BACKCHANNEL_S
from stream.turns.patience import Patience
from stream.turns.turns import Turns


@dataclass(frozen=True, slots=True)
class Taken:
    """An event of turn-taking, when it came on the session clock, and what was decided."""

    at: float
    event: TurnEvent
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class RecordedCall:
    """`made_s` holds, by turn, when the first sound of its reply was ready, on the session clock, where it is known."""

    about: Mapping[str, Any]
    taken: tuple[Taken, ...]
    made_s: Mapping[int, float]
    lost: int

    @property
    def duplex(self) -> bool:
        """Whether the engine decided by itself when to speak."""
        return bool(self.about.get("duplex"))

    def patience(self) -> Patience:
        """As the call had it at its beginning."""
        known = {each.name for each in fields(Patience)}
        return Patience(**{name: value for name, value in self.about["patience"].items() if name in known})

    def turns(self) -> Turns:
        """Turn-taking as at the call's beginning."""
        longest_s = self.about.get("longest_overlap_s", LONGEST_BACKCHANNEL_S)
        return DuplexTurns() if self.duplex else Turns(self.patience(), longest_s)


def about_turns(turns: Turns) -> dict[str, Any]:
    """What a recording says about turn-taking at the call's beginning."""
    named = {
        each.name: getattr(turns.patience, each.name) for each in fields(Patience) if not each.name.startswith("_")
    }
    duplex = isinstance(turns, DuplexTurns)
    return {"duplex": duplex, "patience": named, "longest_overlap_s": turns.longest_overlap_s}


def read_call(folder: Path) -> RecordedCall:
    """Raises BadInput that says what is wrong with the folder."""
    path = folder / EVENTS
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise BadInput(f"{folder} holds no recorded call: {path.name} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise BadInput(f"{path} is damaged: {error}.") from error
    if not lines or not isinstance(lines[0], dict) or lines[0].get("version") != VERSION:
        raise BadInput(f"{path} is no recording that this version can read.")
    try:
        return _call(lines)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} is damaged: {type(error).__name__} {error}.") from error


def _call(lines: list[Any]) -> RecordedCall:
    taken, made_s, lost = list[Taken](), dict[int, float](), 0
    for line in lines[1:]:
        if "event" in line:
            decisions = tuple(decision(each) for each in line["decisions"])
            taken.append(Taken(line["at"], turn_event(line["event"]), decisions))
        elif "lost" in line:
            lost = line["lost"]
        elif line.get("expressed", {}).get("type") == "TurnTimed":
            marks = line["expressed"]["marks"]
            if "first_sound_made" in marks and "first_sound_sent" in marks:
                made_s[line["expressed"]["turn"]] = line["at"] - marks["first_sound_sent"] + marks["first_sound_made"]
    return RecordedCall(lines[0], tuple(taken), made_s, lost)
