"""Turn-taking in sequences of events. Times are seconds of the microphone's sound."""

import pytest

from audio.segmentation import SpeechPaused, SpeechStarted
from audio.voice_activity import SpeechProbability
from stream.turns.decisions import (
    Announcement,
    Answer,
    Begin,
    Decision,
    Drop,
    Duck,
    Finish,
    Prepare,
    Restore,
    Retract,
    SpokenQuestion,
    TypedQuestion,
    Yield,
)
from stream.turns.events import (
    AnnouncementDue,
    HandsFreeSwitched,
    MessageTyped,
    ReplyHeardOut,
    ReplySounded,
    TalkKeyMoved,
    TurnEndEstimated,
    TurnEvent,
)
from stream.turns.patience import Patience
from stream.turns.turns import Phase, Turns

HOP_S = 0.032


def new_turns() -> Turns:
    return Turns(Patience(silence_s=0.4, pause_s=0.2, threshold=3.0))


def decided(turns: Turns, *events: TurnEvent) -> list[Decision]:
    return [decision for event in events for decision in turns.take(event)]


def hops(turns: Turns, since: float, until: float, probability: float) -> list[tuple[float, Decision]]:
    """Hops of 32 ms; the decisions with their times."""
    found, at = [], since
    while (at := at + HOP_S) <= until + 1e-9:
        found += [(round(at, 3), decision) for decision in turns.take(SpeechProbability(at, probability))]
    return found


def start(at: float) -> SpeechStarted:
    return SpeechStarted(at, since=at)


def pause(at: float, spoken_s: float = 1.0) -> SpeechPaused:
    """Reported 0.1 s after the last speech."""
    return SpeechPaused(at + 0.1, at, spoken_s)


def over(at: float) -> TurnEndEstimated:
    """An estimate that ends the turn at once."""
    return TurnEndEstimated(at, 1.0, at + 0.4)


def answered() -> Turns:
    """The user asked something and the reply is being played."""
    turns = new_turns()
    decided(turns, start(1.0), pause(2.0), over(2.0), ReplySounded(1))
    assert turns.phase is Phase.REPLYING
    return turns


@pytest.mark.parametrize("probability", [None, 0.95, 0.5, 0.1])
def test_silence_ends_the_turn_sooner_or_later_as_the_estimate_says(probability: float | None) -> None:
    turns = new_turns()
    wait_s = turns.patience.wait_s(probability)
    decided(turns, start(1.0), pause(2.0))
    if probability is not None:
        assert decided(turns, TurnEndEstimated(2.0, probability, 2.1)) == []
    [(at, answer)] = hops(turns, 2.1, 4.0, 0.0)
    assert turns.why.startswith(f"waited {1000 * (at - 2.0):.0f} ms")
    assert (probability is None) == ("that you had finished" not in turns.why)
    assert wait_s <= at - 2.0 + 1e-6 and at - 2.0 <= wait_s + HOP_S
    assert isinstance(answer, Answer)


def test_the_lengths_of_pauses_and_answers_that_came_too_early_are_learned() -> None:
    turns = new_turns()
    waits = [turns.patience.wait_s(0.5)]
    decided(turns, start(1.0), pause(2.0), start(4.0))
    waits.append(turns.patience.wait_s(0.5))
    decided(turns, pause(5.0), over(5.0), start(5.6))
    waits.append(turns.patience.wait_s(0.5))
    assert waits == sorted(set(waits))


def test_an_estimate_that_comes_late_ends_the_turn_at_once() -> None:
    turns = new_turns()
    decided(turns, start(1.0), pause(2.0))
    assert decided(turns, TurnEndEstimated(2.0, 0.99, 2.3)) == [Answer(1, SpokenQuestion(1.0, 2.0, 2.3))]


def test_an_estimate_of_an_earlier_pause_counts_for_nothing() -> None:
    turns = new_turns()
    decided(turns, start(1.0), pause(2.0), start(2.3), pause(3.0))
    assert decided(turns, TurnEndEstimated(2.0, 0.99, 3.3)) == []


def test_speech_after_a_short_pause_retracts_the_prepared_reply() -> None:
    turns = new_turns()
    assert decided(turns, start(1.0), pause(2.0), start(2.3), pause(3.0), over(3.0)) == [
        Begin(1, 1.0),
        Prepare(1, SpokenQuestion(1.0, 2.0, 2.1)),
        Retract(1),
        Prepare(1, SpokenQuestion(1.0, 3.0, 3.1)),
        Answer(1, SpokenQuestion(1.0, 3.0, 3.4)),
    ]


def test_a_turn_does_not_end_in_the_middle_of_a_voiced_hop() -> None:
    turns = new_turns()
    decided(turns, start(1.0), pause(2.0))
    assert hops(turns, 2.1, 4.0, 0.9) == []


def test_a_noise_is_no_turn() -> None:
    turns = Turns()
    assert decided(turns, start(1.0), pause(1.1, spoken_s=0.1)) == [Begin(1, 1.0), Drop(1)]
    assert turns.phase is Phase.IDLE


def test_a_noise_in_the_pause_does_not_move_its_beginning() -> None:
    turns = new_turns()
    decided(turns, start(1.0), pause(2.0))
    assert decided(turns, start(2.2), pause(2.3, spoken_s=0.1)) == [
        Retract(1),
        Prepare(1, SpokenQuestion(1.0, 2.0, 2.4)),
    ]
    [(at, _)] = hops(turns, 2.4, 3.0, 0.0)
    assert at == 2.432


def test_speech_before_anything_was_heard_reopens_the_same_turn() -> None:
    turns = Turns()
    decided(turns, start(1.0), pause(2.0), over(2.0))
    assert decided(turns, start(2.6)) == [Retract(1)]
    assert decided(turns, pause(3.0), over(3.0))[-1] == Answer(1, SpokenQuestion(1.0, 3.0, 3.4))


def test_a_noise_before_anything_was_heard_does_not_lose_the_question() -> None:
    turns = Turns()
    decided(turns, start(1.0), pause(2.0), over(2.0))
    noise = SpeechPaused(2.8, 2.7, spoken_s=0.1)
    assert decided(turns, start(2.6), noise) == [Retract(1), Answer(1, SpokenQuestion(1.0, 2.0, 2.8))]


def test_speech_before_a_typed_question_is_answered_challenges_the_reply() -> None:
    turns = Turns()
    decided(turns, MessageTyped(TypedQuestion("Hello", 1.0)))
    assert decided(turns, start(1.2)) == [Duck()]
    assert [decision for _, decision in hops(turns, 1.2, 2.0, 0.0)] == [Restore()]


def test_speech_before_an_announcement_is_heard_takes_the_floor() -> None:
    turns = Turns()
    decided(turns, AnnouncementDue(Announcement("Tea!", 1.0, lambda _heard: None)))
    assert decided(turns, start(1.2)) == [Yield(1), Begin(2, 1.2)]


def over_the_reply(turns: Turns | None = None) -> Turns:
    """Speech since 5.0 over the reply, which is ducked."""
    turns = turns or answered()
    turns.take(SpeechProbability(4.968, 0.0))
    assert decided(turns, SpeechProbability(5.0, 0.9)) == [Duck()]
    assert decided(turns, start(5.0)) == []
    return turns


def test_where_replies_may_not_be_interrupted_speech_over_them_changes_nothing() -> None:
    turns = answered()
    turns.interruptible = False
    turns.take(ReplySounded(turns.turn))
    assert decided(turns, start(5.0)) == []
    assert hops(turns, 5.0, 8.0, 1.0) == []
    assert [decision for _, decision in hops(turns, 8.0, 9.0, 0.0)] == [Restore()]
    assert turns.phase is Phase.REPLYING


def test_a_cough_over_the_reply_only_ducks_it() -> None:
    turns = over_the_reply()
    assert decided(turns, pause(5.1, 0.1)) == []
    assert [decision for _, decision in hops(turns, 5.2, 6.0, 0.0)] == [Restore()]
    assert turns.phase is Phase.REPLYING
    assert turns.turn == 1


def test_a_pause_inside_a_challenge_does_not_count_as_speech() -> None:
    turns = answered()
    turns.take(SpeechProbability(5.0, 0.9))
    decided(turns, start(5.0), pause(5.1, 0.1))
    turns.take(SpeechProbability(5.3, 0.9))
    assert turns.phase is Phase.CHALLENGED


def test_the_floor_is_free_when_the_reply_was_heard() -> None:
    turns = answered()
    assert decided(turns, ReplyHeardOut(1), start(9.0)) == [Finish(1), Begin(2, 9.0)]


def test_speech_over_the_last_word_of_a_reply_becomes_the_next_turn() -> None:
    turns = answered()
    decided(turns, start(5.0))
    assert decided(turns, ReplyHeardOut(1)) == [Finish(1), Begin(2, 5.0)]
    assert decided(turns, pause(6.0), over(6.0))[-1] == Answer(2, SpokenQuestion(5.0, 6.0, 6.4))


def test_speech_that_paused_when_the_reply_ended_is_answered_too() -> None:
    turns = answered()
    decided(turns, start(5.0), pause(5.2, 0.2))
    question = SpokenQuestion(5.0, 5.2, 5.3)
    assert decided(turns, ReplyHeardOut(1)) == [Finish(1), Begin(2, 5.0), Prepare(2, question)]
    assert [type(decision) for _, decision in hops(turns, 5.3, 6.0, 0.0)] == [Answer]


def test_push_to_talk_follows_the_key_only() -> None:
    turns = Turns()
    decided(turns, HandsFreeSwitched(False))
    assert decided(turns, start(1.0), pause(1.6), over(1.6)) == []
    assert decided(turns, TalkKeyMoved(True, 3.0)) == [Begin(1, 3.0)]
    assert decided(turns, TalkKeyMoved(True, 3.1)) == []
    assert decided(turns, TalkKeyMoved(False, 4.0)) == [Answer(1, SpokenQuestion(3.0, 4.0, 4.0))]
    assert decided(turns, ReplySounded(1), TalkKeyMoved(True, 6.0)) == [Yield(1), Begin(2, 6.0)]
