"""Turn-taking in sequences of speech events. Times are seconds of the microphone's sound."""

from audio.endpointing import SpeechDropped, SpeechEnded, SpeechEvent, SpeechPaused, SpeechResumed, SpeechStarted
from stream.turns.turns import Answer, Begin, Decision, Drop, Hold, Phase, Prepare, Release, Retract, Turns, Yield


def said(turns: Turns, *events: SpeechEvent) -> list[Decision]:
    return [decision for event in events for decision in turns.hear(event, event.at, voiced=False)]


def goes_on(turns: Turns, at: float, *, voiced: bool) -> list[Decision]:
    """One more hop of 32 ms."""
    turns.hear(None, at - 0.032, voiced=False)
    return turns.hear(None, at, voiced=voiced)


def start(at: float) -> SpeechStarted:
    return SpeechStarted(at, since=at)


def answered() -> Turns:
    """The user asked something and the reply is being played."""
    turns = Turns()
    said(turns, start(1.0), SpeechPaused(2.1, 2.0), SpeechEnded(2.4, 2.0))
    turns.sounded(1)
    return turns


def test_a_question_is_prepared_at_the_first_pause_and_answered_at_the_end() -> None:
    turns = Turns()
    assert said(turns, start(1.0)) == [Begin(1, 1.0)]
    assert said(turns, SpeechPaused(2.1, 2.0)) == [Prepare(1, 2.0)]
    assert turns.user_speaks
    assert said(turns, SpeechEnded(2.4, 2.0)) == [Answer(1, 2.0, 2.4)]
    assert turns.phase is Phase.OURS


def test_speech_after_a_short_pause_retracts_the_prepared_reply() -> None:
    turns = Turns()
    decisions = said(
        turns, start(1.0), SpeechPaused(2.1, 2.0), SpeechResumed(2.3), SpeechPaused(3.1, 3.0), SpeechEnded(3.4, 3.0)
    )
    assert decisions == [Begin(1, 1.0), Prepare(1, 2.0), Retract(1), Prepare(1, 3.0), Answer(1, 3.0, 3.4)]


def test_a_noise_is_no_turn() -> None:
    turns = Turns()
    assert said(turns, start(1.0), SpeechDropped(1.5)) == [Begin(1, 1.0), Drop(1)]
    assert turns.phase is Phase.YOURS


def test_speech_before_anything_was_heard_reopens_the_same_turn() -> None:
    turns = Turns()
    said(turns, start(1.0), SpeechPaused(2.1, 2.0), SpeechEnded(2.4, 2.0))
    assert said(turns, start(2.6)) == [Retract(1)]
    assert said(turns, SpeechEnded(3.4, 3.0)) == [Answer(1, 3.0, 3.4)]


def test_a_noise_before_anything_was_heard_does_not_lose_the_question() -> None:
    turns = Turns()
    said(turns, start(1.0), SpeechPaused(2.1, 2.0), SpeechEnded(2.4, 2.0))
    assert said(turns, start(2.6), SpeechDropped(3.0)) == [Retract(1), Answer(1, 2.0, 3.0)]


def test_speech_over_the_reply_pauses_it_at_once_and_takes_the_floor_when_it_lasts() -> None:
    turns = answered()
    assert said(turns, start(5.0)) == [Hold()]
    hops = [goes_on(turns, 5.0 + 0.032 * hop, voiced=True) for hop in range(1, 9)]
    assert hops[:7] == [[]] * 7
    assert hops[7] == [Yield(1), Begin(2, 5.0)]
    assert said(turns, SpeechEnded(6.4, 6.0)) == [Answer(2, 6.0, 6.4)]


def test_a_cough_over_the_reply_only_pauses_it() -> None:
    turns = answered()
    assert said(turns, start(5.0), SpeechDropped(5.4)) == [Hold(), Release()]
    assert turns.phase is Phase.OURS
    assert turns.turn == 1


def test_a_pause_inside_a_challenge_does_not_count_as_speech() -> None:
    turns = answered()
    said(turns, start(5.0), SpeechPaused(5.2, 5.1))
    assert [goes_on(turns, 5.2 + 0.032 * hop, voiced=False) for hop in range(20)] == [[]] * 20
    assert said(turns, SpeechEnded(6.6, 5.1)) == [Release()]


def test_the_floor_goes_back_when_the_reply_was_heard() -> None:
    turns = answered()
    assert turns.finished(1) == []
    assert turns.phase is Phase.YOURS
    assert said(turns, start(9.0)) == [Begin(2, 9.0)]


def test_speech_over_the_last_word_of_a_reply_becomes_the_next_turn() -> None:
    turns = answered()
    said(turns, start(5.0))
    assert turns.finished(1) == [Begin(2, 5.0)]
    assert said(turns, SpeechEnded(6.4, 6.0)) == [Answer(2, 6.0, 6.4)]


def test_push_to_talk_follows_the_key_only() -> None:
    turns = Turns()
    turns.switch_hands_free(False)
    assert said(turns, start(1.0), SpeechEnded(2.0, 1.6)) == []
    assert turns.press(True, 3.0) == [Begin(1, 3.0)]
    assert turns.press(True, 3.1) == []
    assert turns.press(False, 4.0) == [Answer(1, 4.0, 4.0)]
    turns.sounded(1)
    assert turns.press(True, 6.0) == [Yield(1), Begin(2, 6.0)]


def test_typing_interrupts_the_reply_and_is_a_whole_turn() -> None:
    turns = answered()
    assert turns.type(5.0) == [Yield(1), Answer(2, 5.0, 5.0)]
    assert turns.phase is Phase.OURS


def test_typing_drops_an_open_utterance() -> None:
    turns = Turns()
    said(turns, start(1.0))
    assert turns.type(1.5) == [Drop(1), Answer(2, 1.5, 1.5)]


def test_interrupting_ends_the_reply_and_only_a_reply() -> None:
    turns = answered()
    assert turns.interrupt() == [Yield(1)]
    assert turns.interrupt() == []


def test_a_microphone_that_goes_off_drops_the_open_turn_and_frees_a_held_reply() -> None:
    turns = Turns()
    said(turns, start(1.0))
    assert turns.forget() == [Drop(1)]
    turns = answered()
    said(turns, start(5.0))
    assert turns.forget() == [Release()]
    assert turns.phase is Phase.OURS
