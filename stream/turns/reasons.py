"""Says in plain words why turn-taking waited, answered, went on or stopped. Pure: looks at decisions that were made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from audio.segmentation import SpeechStarted
from stream.turns.decisions import Answer, Decision, Drop, Restore, Retract, SpokenQuestion, Yield
from stream.turns.events import InterruptPressed, MessageTyped, MicrophoneOff, TalkKeyMoved, TurnEvent
from stream.turns.overlap import Overlap
from stream.turns.turns import Phase, Turns

# Where the user went on this soon after a pause, the assistant had cut in.
CUT_IN_S = 1.5

Reason = tuple[int, str, str]  # turn, stable kind, sentence


def reasons(turns: Turns, before: Phase, event: TurnEvent, decisions: Sequence[Decision]) -> Iterator[Reason]:
    """What there is to say about `decisions` on `event`, which `turns` took in the phase `before`."""
    for decision in decisions:
        match decision:
            case Answer(turn, SpokenQuestion()):
                yield turn, "answered", turns.why or "you released the key"
            case Retract(turn):
                assert isinstance(event, SpeechStarted), "Only speech takes an answer back."
                yield _went_on(turn, turns, before, event)
            case Drop(turn):
                yield turn, "no_answer", f"no answer: {_dropped(event)}"
            case Restore():
                yield turns.turn, "went_on_speaking", _no_interruption(turns.overlap, event)
            case Yield(turn):
                yield _yielded(turn, turns, before, event)
            case _:
                pass  # begins, ends and preparations need no reason


def _went_on(turn: int, turns: Turns, before: Phase, event: SpeechStarted) -> Reason:
    pause = f"{_ms(event.since - turns.stopped_at)} of silence"
    if before is Phase.PAUSED:
        known = "" if turns.probability is None else f": {turns.probability:.2f} that you had finished"
        return turn, "waited", f"waited, and you went on after {pause}{known}"
    return turn, "taken_back", f"took the answer back: you went on after {pause}, and nothing of it was heard yet"


def _dropped(event: TurnEvent) -> str:
    match event:
        case MicrophoneOff():
            return "the microphone was switched off"
        case MessageTyped():
            return "you typed a message instead"
        case TalkKeyMoved() | InterruptPressed():
            return "you pressed a key"
        case _:
            return "the sound was too short for a word"


def _no_interruption(overlap: Overlap, event: TurnEvent) -> str:
    if isinstance(event, MicrophoneOff):
        return "spoke on: the microphone was switched off"
    heard = 'it was an "mm-hm"' if overlap.backchannel else "it was too short for an interruption"
    how = "paused, and went on from the same word" if overlap.suspended else "spoke more quietly and then on"
    return f"{how}: a sound of {_ms(overlap.spoken_s)}, and {heard}"


def _yielded(turn: int, turns: Turns, before: Phase, event: TurnEvent) -> Reason:
    match event:
        case InterruptPressed():
            return turn, "yielded", "stopped: you pressed Interrupt"
        case MessageTyped():
            return turn, "yielded", "stopped: you typed a message"
        case TalkKeyMoved():
            return turn, "yielded", "stopped: you pressed the key to talk"
        case _ if before is not Phase.CHALLENGED:
            return turn, "yielded", "stopped: you began to speak before anything was heard"
    overlap, question = turns.overlap, turns.question
    words = {True: 'too long for an "mm-hm"', False: 'more than an "mm-hm"', None: "words not known, or not sure"}
    spoke = f"{_ms(overlap.spoken_s)} of speech, {words[overlap.backchannel]}"
    if isinstance(question, SpokenQuestion) and overlap.since - question.stopped_at < CUT_IN_S:
        silent = _ms(overlap.since - question.stopped_at)
        return (
            turn,
            "cut_in",
            f"cut in on you: you went on after {silent} of silence, when the answer had begun ({spoke})",
        )
    return turn, "yielded", f"stopped: you spoke over the answer ({spoke})"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"
