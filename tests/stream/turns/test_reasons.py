"""What is said about the decisions of turn-taking."""

from __future__ import annotations

import pytest

from audio.segmentation import SpeechPaused, SpeechStarted
from audio.voice_activity import SpeechProbability
from stream.turns.decisions import TypedQuestion
from stream.turns.events import (
    InterruptPressed,
    MessageTyped,
    MicrophoneOff,
    OverlapTranscribed,
    ReplySounded,
    TurnEndEstimated,
    TurnEvent,
)
from stream.turns.reasons import Reason, reasons
from stream.turns.turns import Turns

ASKED = (SpeechStarted(1.0, 1.0), SpeechPaused(2.1, 2.0, 1.0))
ANSWERED = (*ASKED, TurnEndEstimated(2.0, 1.0, 2.4))


def said(*events: TurnEvent) -> list[Reason]:
    turns, heard = Turns(), list[Reason]()
    for event in events:
        before = turns.phase
        heard += reasons(turns, before, event, turns.take(event))
    return heard


def spoken_over(since: float, seconds: float) -> list[TurnEvent]:
    """Speech over the reply, in hops of 0.05 s."""
    hops = [SpeechProbability(since + 0.05 * n, 1.0) for n in range(1, round(seconds / 0.05) + 1)]
    return [SpeechStarted(since, since), *hops]


def silent(since: float) -> list[TurnEvent]:
    return [SpeechProbability(since + 0.05 * n, 0.0) for n in range(1, 12)]


@pytest.mark.parametrize(
    ("events", "kind", "words"),
    [
        (ANSWERED, "answered", "waited 400 ms: 1.00 that you had finished"),
        ((*ASKED, TurnEndEstimated(2.0, 0.1, 2.2), SpeechStarted(2.6, 2.5)), "waited", "500 ms of silence: 0.10 that"),
        ((*ANSWERED, SpeechStarted(2.7, 2.6)), "taken_back", "you went on after 600 ms of silence"),
        ((SpeechStarted(1.0, 1.0), SpeechPaused(1.1, 1.05, 0.02)), "no_answer", "too short for a word"),
        ((SpeechStarted(1.0, 1.0), MicrophoneOff()), "no_answer", "microphone was switched off"),
        ((*ANSWERED, ReplySounded(1), InterruptPressed()), "yielded", "you pressed Interrupt"),
        ((*ANSWERED, ReplySounded(1), MessageTyped(TypedQuestion("Hm?", 9.0))), "yielded", "you typed a message"),
        ((*ANSWERED, ReplySounded(1), *spoken_over(6.0, 1.2)), "yielded", "words not known, or not sure"),
        ((*ANSWERED, ReplySounded(1), *spoken_over(2.9, 1.2)), "cut_in", "went on after 900 ms of silence"),
        ((*ANSWERED, ReplySounded(1), *spoken_over(6.0, 0.2), *silent(6.2)), "went_on_speaking", "too short"),
        (
            (*ANSWERED, ReplySounded(1), *spoken_over(6.0, 0.3), OverlapTranscribed(6.0, True), *silent(6.3)),
            "went_on_speaking",
            'it was an "mm-hm"',
        ),
        (
            (*ANSWERED, ReplySounded(1), *spoken_over(6.0, 0.3), OverlapTranscribed(6.0, False)),
            "yielded",
            'more than an "mm-hm"',
        ),
    ],
)
def test_a_decision_has_its_reason(events: tuple[TurnEvent, ...], kind: str, words: str) -> None:
    turn, last, text = said(*events)[-1]
    assert (turn, last) == (1, kind)
    assert words in text
