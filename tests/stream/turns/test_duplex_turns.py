"""What the user says to an engine that decides by itself comes to an end somewhere: each thing said, once."""

from __future__ import annotations

import pytest

from audio.endpointing import SpeechDropped, SpeechEnded, SpeechEvent, SpeechStarted
from stream.turns.duplex_turns import DuplexTurns
from stream.turns.turns import Begin, Decision, Hold, Release, UserDone, Yield


def told(turns: DuplexTurns, *events: SpeechEvent) -> list[Decision]:
    return [decision for event in events for decision in turns.hear(event, event.at, voiced=False)]


def start(at: float) -> SpeechStarted:
    return SpeechStarted(at, since=at)


def talks_on(turns: DuplexTurns, at: float, seconds: float) -> list[Decision]:
    turns.hear(None, at, voiced=False)
    hops = round(seconds / 0.032)
    return [decision for hop in range(1, hops + 1) for decision in turns.hear(None, at + 0.032 * hop, voiced=True)]


@pytest.fixture
def turns() -> DuplexTurns:
    return DuplexTurns()


def test_every_utterance_ends_and_a_noise_is_none(turns: DuplexTurns) -> None:
    decisions = told(
        turns, start(1.0), SpeechEnded(2.4, 2.0), start(3.0), SpeechDropped(3.2), start(5.0), SpeechEnded(7.0, 6.6)
    )
    assert decisions == [Begin(1, 1.0), UserDone(1, 2.0), Begin(2, 3.0), Begin(3, 5.0), UserDone(3, 6.6)]


def test_what_ends_over_our_voice_belongs_to_the_turn_that_is_answered(turns: DuplexTurns) -> None:
    told(turns, start(1.0))
    assert turns.speak(2.0) == [Hold()]
    assert told(turns, SpeechEnded(2.3, 1.9)) == [UserDone(1, 1.9), Release()]


def test_a_cough_over_our_voice_is_nothing_said(turns: DuplexTurns) -> None:
    told(turns, start(1.0), SpeechEnded(2.4, 2.0))
    turns.speak(3.0)
    assert told(turns, start(3.5), SpeechEnded(4.0, 3.6)) == [Hold(), Release()]


def test_who_goes_on_over_our_voice_has_said_two_things(turns: DuplexTurns) -> None:
    told(turns, start(1.0))
    turns.speak(2.0)
    assert talks_on(turns, 2.0, 0.32) == [UserDone(1, 2.0), Yield(1), Begin(2, 2.0)]
    assert told(turns, SpeechEnded(4.0, 3.6)) == [UserDone(2, 3.6)]


def test_our_voice_may_end_before_theirs_does(turns: DuplexTurns) -> None:
    told(turns, start(1.0))
    turns.speak(2.0)
    talks_on(turns, 2.0, 0.1)
    assert turns.finished(1) == [UserDone(1, 2.0), Begin(2, 2.0)]
    assert told(turns, SpeechEnded(4.0, 3.6)) == [UserDone(2, 3.6)]


def test_typing_ends_what_was_being_said(turns: DuplexTurns) -> None:
    told(turns, start(1.0))
    assert turns.type(2.0) == [UserDone(1, 2.0)]
    assert turns.type(3.0) == []


def test_what_is_said_while_the_key_is_down(turns: DuplexTurns) -> None:
    turns.switch_hands_free(False)
    assert turns.press(True, 1.0) == [Begin(1, 1.0)]
    assert turns.press(False, 3.0) == [UserDone(1, 3.0)]


def test_a_microphone_that_goes_off_drops_what_was_half_said(turns: DuplexTurns) -> None:
    told(turns, start(1.0))
    assert not any(isinstance(decision, UserDone) for decision in turns.forget())
    assert told(turns, start(5.0)) == [Begin(2, 5.0)]
