"""The decisions of turn-taking: one set, for every kind of engine.

The floor carries them out on playback and captions, the reply stage on the engine; both match all of them. A turn is
one utterance of the user (or a typed message, or an announcement) and the reply to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpokenQuestion:
    """The user's speech in a turn, in seconds of the microphone's sound: from `began_at` to `stopped_at`, decided at
    `until`. Where it is not `answered`, it is heard and waits for a PendingQuestion."""

    began_at: float
    stopped_at: float
    until: float
    answered: bool = True


@dataclass(frozen=True, slots=True)
class TypedQuestion:
    """A message typed at `began_at` on the session clock."""

    text: str
    began_at: float


@dataclass(frozen=True, slots=True)
class PendingQuestion:
    """What was said and not answered is to be answered; asked for at `began_at` on the session clock."""

    began_at: float


@dataclass(frozen=True, slots=True, eq=False)
class Announcement:
    """Not a question: `text` is said unprompted. `over` is called at the end with whether any of it was heard.

    `began_at` is on the session clock.
    """

    text: str
    began_at: float
    over: Callable[[bool], None]


Question = SpokenQuestion | TypedQuestion | PendingQuestion | Announcement


@dataclass(frozen=True, slots=True)
class Begin:
    """The user began to speak at `at`: a turn is open."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class Prepare:
    """A short pause: compute the answer speculatively; nothing of it is shown or played before Answer."""

    turn: int
    question: SpokenQuestion


@dataclass(frozen=True, slots=True)
class Retract:
    """The user goes on: the prepared (or given but unheard) reply is void, the same turn stays open."""

    turn: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The turn is decided: the assistant has the floor. `question` is used where nothing was prepared."""

    turn: int
    question: Question


@dataclass(frozen=True, slots=True)
class UserDone:
    """An utterance of the user ended that calls for no answer here: the engine decides whether to answer."""

    turn: int
    speech: SpokenQuestion


@dataclass(frozen=True, slots=True)
class Drop:
    """The turn is void: nothing was said, and what the engine got of it is discarded."""

    turn: int


@dataclass(frozen=True, slots=True)
class Duck:
    """Speech over the reply: play it quietly, from where it fell silent, until it is clear what that is."""


@dataclass(frozen=True, slots=True)
class Suspend:
    """Speech over the reply that may be an interruption: fall silent until that is clear. No word of it is lost."""


@dataclass(frozen=True, slots=True)
class Restore:
    """It was not an interruption: play the reply as before, from where it fell silent."""


@dataclass(frozen=True, slots=True)
class Yield:
    """Barge-in: the user takes the floor; this turn's reply ends at what was heard.

    Turn-taking does not know how much was heard: the floor adds `heard_characters` and `heard_s`, of its sound.
    """

    turn: int
    heard_characters: int = 0
    heard_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Finish:
    """The reply was heard to its end: the floor is free."""

    turn: int


Decision = Begin | Prepare | Retract | Answer | UserDone | Drop | Duck | Suspend | Restore | Yield | Finish
