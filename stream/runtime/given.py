"""What an application adds to a session while it runs: input events, beside those of `events.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stream.runtime.adapting import AdapterChosen

Eagerness = Literal["low", "medium", "high"]
Detail = Literal["asked", "always", "never"]


@dataclass(frozen=True, slots=True)
class InstructionGiven:
    """The standing instruction from now on, in place of the one before; for an engine that takes turns and text."""

    text: str


@dataclass(frozen=True, slots=True)
class AcknowledgementSwitched:
    """Whether a short phrase ends the silence before a late answer."""

    on: bool


@dataclass(frozen=True, slots=True)
class CommentaryGiven:
    """An application adds `text`, which is said as soon as the floor is free."""

    text: str


@dataclass(frozen=True, slots=True)
class TurnsChosen:
    """How an application wants turns to be decided from now on.

    `threshold`: the probability from which sound counts as speech. `silence_s` of silence end a turn; None: as much as
    the estimate that the user has finished asks for, with this `eagerness`. `pre_roll_s` of sound before the speech
    belong to it. Without `interruptible`, speech over a reply changes nothing. Without `answers`, a turn that is over
    is heard, and waits for AnswerAsked.
    """

    threshold: float = 0.5
    silence_s: float | None = None
    eagerness: Eagerness = "medium"
    pre_roll_s: float = 0.3
    interruptible: bool = True
    answers: bool = True


@dataclass(frozen=True, slots=True)
class AnswerAsked:
    """What was said and waits is to be answered; for an engine that takes turns."""


@dataclass(frozen=True, slots=True)
class ReplyTruncated:
    """The far end will not play the last `unplayed_s` of the reply to `turn`, which it was sent to its end."""

    turn: int
    unplayed_s: float


@dataclass(frozen=True, slots=True)
class PictureDetailChosen:
    """At which detail a model that sees gets pictures from now on."""

    level: Detail


Given = (
    InstructionGiven
    | AcknowledgementSwitched
    | AdapterChosen
    | CommentaryGiven
    | TurnsChosen
    | AnswerAsked
    | ReplyTruncated
    | PictureDetailChosen
)
