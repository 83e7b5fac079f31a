"""Runs a recorded call through turn-taking again, in virtual time: the same events give the same decisions.

With another patience, what the user did stays as it was, and replies come when they would have come: their first sound
when both the turn is decided and the recorded sound was ready, their end as much later. What is not in the recording is
assumed: a reply that was not made then takes as long as the median one, and so does one that was cut, or a second more
than was heard of it. Words that were not spoken over a reply then are not known to be a backchannel now.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from statistics import median

from dialogue.errors import BadInput
from stream.recording.event_json import to_json
from stream.recording.recorded_call import RecordedCall, Taken
from stream.turns.decisions import (
    Answer,
    Decision,
    Duck,
    PendingQuestion,
    Question,
    Restore,
    Retract,
    SpokenQuestion,
    Suspend,
    TypedQuestion,
    Yield,
)
from stream.turns.events import ReplyHeardOut, ReplySounded, TurnEvent
from stream.turns.patience import Patience
from stream.turns.reasons import Reason, reasons
from stream.turns.turns import Turns

ASSUMED_READY_S, ASSUMED_REPLY_S = 0.3, 3.0  # from the decision to the first sound, and from there to the end
ASSUMED_REST_S = 1.0  # of a reply that was cut, at least


@dataclass(frozen=True, slots=True)
class ReplayStep:
    """An event that was taken at `at` on the session clock, what was decided, and why."""

    at: float
    event: TurnEvent
    decisions: tuple[Decision, ...]
    reasons: tuple[Reason, ...]


@dataclass
class FixedPatience(Patience):
    """Every silence of `fixed_s` ends the turn, whatever was estimated."""

    fixed_s: float = 0.4

    def wait_s(self, probability: float | None) -> float:
        return self.fixed_s


def with_setting(patience: Patience, name: str, value: float) -> Patience:
    """`patience` with a setting of `SETTINGS` changed. Raises BadInput for another name, or no sensible value."""
    if name not in SETTINGS:
        raise BadInput(f"There is no setting {name!r}; there are {', '.join(SETTINGS)}.")
    low, high, change = SETTINGS[name]
    if not low <= value <= high:
        raise BadInput(f"{name} must be between {low:g} and {high:g}, not {value:g}.")
    return change(patience, value)


def _fixed(patience: Patience, value: float) -> Patience:
    return FixedPatience(
        patience.silence_s, patience.pause_s, patience.threshold, patience.typical_pause_s, fixed_s=value
    )


def _field(name: str) -> Callable[[Patience, float], Patience]:
    def change(patience: Patience, value: float) -> Patience:
        setattr(patience, name, value)
        return patience

    return change


# The least and the greatest value, and what changes: seconds of silence that end every turn; those where nothing is
# estimated; seconds in which the log odds that the user has finished rise by 1; the log odds that end a turn.
SETTINGS: dict[str, tuple[float, float, Callable[[Patience, float], Patience]]] = {
    "endpointing.patience": (0.05, 10.0, _fixed),
    "endpointing.silence": (0.05, 10.0, _field("silence_s")),
    "endpointing.pause": (0.01, 10.0, _field("pause_s")),
    "endpointing.threshold": (-10.0, 10.0, _field("threshold")),
}


def replayed(call: RecordedCall) -> list[ReplayStep]:
    """Every recorded event again, as it came."""
    turns = call.turns()
    return [_step(turns, taken.at, taken.event) for taken in call.taken]


def first_difference(call: RecordedCall, steps: Iterable[ReplayStep]) -> tuple[Taken, ReplayStep] | None:
    """The first event whose decisions are not the recorded ones."""
    for taken, step in zip(call.taken, steps, strict=True):
        if to_json(list(taken.decisions)) != to_json(list(step.decisions)):
            return taken, step
    return None


def what_if(call: RecordedCall, patience: Patience) -> list[ReplayStep]:
    """What would have been decided with another patience. Raises BadInput for a call with a full-duplex engine."""
    if call.duplex:
        raise BadInput("In this call the model itself decided when to speak: settings of endpointing change nothing.")
    return list(_Simulation(call, Turns(patience)).run())


def _step(turns: Turns, at: float, event: TurnEvent) -> ReplayStep:
    before = turns.phase
    decisions = turns.take(event)
    return ReplayStep(at, event, tuple(decisions), tuple(reasons(turns, before, event, decisions)) if decisions else ())


@dataclass(frozen=True, slots=True)
class _Reply:
    """A recorded reply: when its sound was ready, how long sending took from there, and how long it was heard."""

    ready_s: float | None  # on the session clock; None where it made no sound
    sending_s: float
    lasted_s: float
    cut: bool = False


class _Simulation:
    def __init__(self, call: RecordedCall, turns: Turns) -> None:
        self._turns = turns
        self._replies = dict(_replies(call))
        sounded = [reply for reply in self._replies.values() if reply.ready_s is not None]
        self._sending_s = median([reply.sending_s for reply in sounded] or [ASSUMED_READY_S])
        whole = [reply.lasted_s for reply in sounded if not reply.cut]
        self._lasts_s = median(whole or [ASSUMED_REPLY_S])
        self._order = count()
        progress = ReplySounded | ReplyHeardOut  # it follows from what is decided now
        users = [taken for taken in call.taken if not isinstance(taken.event, progress)]
        self._due: list[tuple[float, int, TurnEvent]] = [(each.at, next(self._order), each.event) for each in users]
        heapq.heapify(self._due)
        self._over: set[int] = set()  # turns whose reply was taken back or cut
        self._rest: tuple[float, TurnEvent] | None = None  # of a reply that is silent: how long it lasts, and its end

    def run(self) -> Iterator[ReplayStep]:
        while self._due:
            at, _, event = heapq.heappop(self._due)
            if isinstance(event, ReplySounded | ReplyHeardOut) and event.turn in self._over:
                continue
            step = _step(self._turns, at, event)
            for decision in step.decisions:
                match decision:
                    case Answer(turn, question):
                        self._over.discard(turn)
                        self._answer(at, turn, question)
                    case Retract(turn) | Yield(turn):
                        self._over.add(turn)
                        self._due = [due for due in self._due if not _is_of(due[2], turn)]
                        heapq.heapify(self._due)
                        self._rest = None
                    case Suspend():
                        self._suspend(at)
                    case Restore() | Duck():
                        self._go_on(at)
                    case _:
                        pass
            yield step

    def _suspend(self, at: float) -> None:
        """A reply that is silent for a while is heard out later."""
        ends = next((due for due in self._due if isinstance(due[2], ReplyHeardOut)), None)
        if ends is not None:
            self._due.remove(ends)
            heapq.heapify(self._due)
            self._rest = ends[0] - at, ends[2]

    def _go_on(self, at: float) -> None:
        if self._rest is not None:
            lasts, ends = self._rest
            self._later(at + lasts, ends)
            self._rest = None

    def _answer(self, at: float, turn: int, question: Question) -> None:
        reply = self._replies.get(_key(question))
        if reply is None:
            sounds, lasts = at + self._sending_s, self._lasts_s
        elif reply.ready_s is None:  # there was nothing to say
            self._later(at + reply.sending_s, ReplyHeardOut(turn))
            return
        else:
            sounds = max(at, reply.ready_s) + reply.sending_s
            lasts = max(self._lasts_s, reply.lasted_s + ASSUMED_REST_S) if reply.cut else reply.lasted_s
        self._later(sounds, ReplySounded(turn))
        self._later(sounds + lasts, ReplyHeardOut(turn))

    def _later(self, at: float, event: TurnEvent) -> None:
        heapq.heappush(self._due, (at, next(self._order), event))


def _is_of(event: TurnEvent, turn: int) -> bool:
    return isinstance(event, ReplySounded | ReplyHeardOut) and event.turn == turn


def _key(question: Question) -> tuple[str, float]:
    """What a question is recognised by: the same pause, or the same message."""
    match question:
        case SpokenQuestion(_, stopped_at):
            return "spoken", stopped_at
        case TypedQuestion(text, began_at):
            return text, began_at
        case PendingQuestion(began_at):
            return "pending", began_at
        case _:
            return question.text, question.began_at


def _replies(call: RecordedCall) -> Iterator[tuple[tuple[str, float], _Reply]]:
    """The recorded replies, by their questions."""
    answered: dict[int, tuple[Question, float]] = {}
    sounded: dict[int, float] = {}
    ended: dict[int, float] = {}
    cut: dict[int, float] = {}
    last = call.taken[-1].at if call.taken else 0.0
    for taken in call.taken:
        if isinstance(taken.event, ReplySounded):
            sounded.setdefault(taken.event.turn, taken.at)
        elif isinstance(taken.event, ReplyHeardOut):
            ended.setdefault(taken.event.turn, taken.at)
        for decision in taken.decisions:
            if isinstance(decision, Answer):
                answered[decision.turn] = decision.question, taken.at
            elif isinstance(decision, Yield):
                cut.setdefault(decision.turn, taken.at)
    for turn, (question, decided) in answered.items():
        if turn in sounded:
            made = call.made_s.get(turn, decided)
            lasted = ended.get(turn, cut.get(turn, last)) - sounded[turn]
            sending = max(0.0, sounded[turn] - max(decided, made))
            yield _key(question), _Reply(made, sending, lasted, cut=turn not in ended)
        elif turn in ended:
            yield _key(question), _Reply(None, ended[turn] - decided, 0.0)
