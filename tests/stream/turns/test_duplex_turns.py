"""Each utterance to a duplex engine ends exactly once. Also tests `rule_table.py`."""

from __future__ import annotations

import pytest

from audio.segmentation import SpeechPaused, SpeechStarted
from audio.voice_activity import SpeechProbability
from stream.turns.decisions import (
    Answer,
    Begin,
    Decision,
    Drop,
    Duck,
    Finish,
    Restore,
    Suspend,
    TypedQuestion,
    UserDone,
    Yield,
)
from stream.turns.duplex_turns import DuplexTurns
from stream.turns.events import (
    EngineSpoke,
    HandsFreeSwitched,
    MessageTyped,
    MicrophoneOff,
    ReplyHeardOut,
    TalkKeyMoved,
    TurnEvent,
)

HOP_S = 0.032


def decided(turns: DuplexTurns, *events: TurnEvent) -> list[Decision]:
    return [decision for event in events for decision in turns.take(event)]


def start(at: float) -> SpeechStarted:
    return SpeechStarted(at, since=at)


def silence(since: float, until: float, probability: float = 0.0) -> list[TurnEvent]:
    return [SpeechProbability(since + HOP_S * hop, probability) for hop in range(round((until - since) / HOP_S) + 1)]


def stop(at: float, spoken_s: float = 1.0) -> list[TurnEvent]:
    """The user stops at `at` and is silent for half a second."""
    return [SpeechPaused(at + 0.1, at, spoken_s), *silence(at + 0.1, at + 0.5)]


def talks_on(turns: DuplexTurns, since: float, until: float) -> list[Decision]:
    turns.take(SpeechProbability(since, 0.9))
    return decided(turns, *silence(since + HOP_S, until, 0.9))


def spans(decisions: list[Decision]) -> list[tuple[int, float]]:
    """(turn, end) of the utterances that ended."""
    return [(done.turn, done.speech.stopped_at) for done in decisions if isinstance(done, UserDone)]


@pytest.fixture
def turns() -> DuplexTurns:
    return DuplexTurns()


def test_every_utterance_ends_and_a_noise_is_none(turns: DuplexTurns) -> None:
    decisions = decided(turns, start(1.0), *stop(2.0), start(3.0), *stop(3.1, 0.1), start(5.0), *stop(6.6))
    assert [type(decision) for decision in decisions] == [Begin, UserDone, Begin, Drop, Begin, UserDone]
    assert spans(decisions) == [(1, 2.0), (3, 6.6)]


def test_an_utterance_that_ends_during_the_reply_belongs_to_the_answered_turn(turns: DuplexTurns) -> None:
    decided(turns, start(1.0), SpeechProbability(1.9, 0.9))
    assert decided(turns, EngineSpoke(2.0)) == [Duck()]
    decisions = decided(turns, *stop(2.0))
    assert [type(decision) for decision in decisions] == [UserDone, Restore]
    assert spans(decisions) == [(1, 2.0)]


def test_a_cough_during_the_reply_is_no_utterance(turns: DuplexTurns) -> None:
    decided(turns, start(1.0), *stop(2.0), EngineSpoke(3.0))
    assert decided(turns, *silence(3.0, 3.5), start(3.5), *stop(3.6, 0.1)) == [Duck(), Restore()]


def test_speech_that_goes_on_over_the_reply_is_a_second_utterance(turns: DuplexTurns) -> None:
    decided(turns, start(1.0), EngineSpoke(2.0))
    decisions = talks_on(turns, 2.0, 2.4)
    assert [type(decision) for decision in decisions] == [Suspend, Yield, UserDone, Begin]
    assert spans(decisions) == [(1, 2.0)]
    assert spans(decided(turns, *stop(3.6))) == [(2, 3.6)]


def test_the_reply_may_end_before_the_user_does(turns: DuplexTurns) -> None:
    decided(turns, start(1.0), EngineSpoke(2.0))
    talks_on(turns, 2.0, 2.1)
    decisions = decided(turns, ReplyHeardOut(1))
    assert [type(decision) for decision in decisions] == [Finish, UserDone, Begin]
    assert spans(decisions + decided(turns, *stop(3.6))) == [(1, 2.0), (2, 3.6)]


def test_typing_ends_an_open_utterance(turns: DuplexTurns) -> None:
    decided(turns, start(1.0))
    first, second = TypedQuestion("a", 2.0), TypedQuestion("b", 3.0)
    decisions = decided(turns, MessageTyped(first))
    assert (spans(decisions), decisions[-1]) == ([(1, 2.0)], Answer(2, first))
    assert decided(turns, MessageTyped(second)) == [Answer(3, second)]


def test_speech_while_the_key_is_down_is_one_utterance(turns: DuplexTurns) -> None:
    decided(turns, HandsFreeSwitched(False))
    assert decided(turns, TalkKeyMoved(True, 1.0)) == [Begin(1, 1.0)]
    assert spans(decided(turns, TalkKeyMoved(False, 3.0))) == [(1, 3.0)]


def test_switching_the_microphone_off_drops_an_open_utterance(turns: DuplexTurns) -> None:
    decided(turns, start(1.0))
    assert decided(turns, MicrophoneOff()) == [Drop(1)]
    assert decided(turns, start(5.0)) == [Begin(2, 5.0)]
