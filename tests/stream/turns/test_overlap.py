"""Speech over the reply: it lowers the voice, silences it where it may be an interruption, and takes the floor.

Also tests `decisions.py` and `events.py`.
"""

from __future__ import annotations

import pytest

from audio.segmentation import SpeechStarted
from audio.voice_activity import SpeechProbability
from stream.turns.decisions import Answer, Begin, Duck, Finish, Restore, SpokenQuestion, Suspend, Yield
from stream.turns.events import OverlapTranscribed, ReplyHeardOut, ReplySounded
from stream.turns.overlap import CONFIRM_S, DECIDE_S, LONE_S, LONGEST_BACKCHANNEL_S
from stream.turns.patience import Patience
from stream.turns.turns import Phase, Turns
from tests.stream.turns.test_turns import HOP_S, answered, decided, hops, over, over_the_reply, pause, start


def test_a_single_hop_that_sounds_like_speech_lowers_the_voice_for_a_tenth_of_a_second() -> None:
    turns = answered()
    turns.take(SpeechProbability(4.968, 0.0))
    assert decided(turns, SpeechProbability(5.0, 0.9)) == [Duck()]
    [(at, restored)] = hops(turns, 5.0, 5.3, 0.0)
    assert restored == Restore()
    assert at - 5.0 <= LONE_S + HOP_S


def test_a_single_hop_at_the_end_of_the_reply_is_no_turn() -> None:
    turns = answered()
    decided(turns, SpeechProbability(5.0, 0.9))
    assert decided(turns, ReplyHeardOut(turns.turn)) == [Finish(turns.turn)]
    assert turns.phase is Phase.IDLE


def test_speech_counts_from_where_it_begins_and_not_from_a_hop_before() -> None:
    turns = answered()
    decided(turns, SpeechProbability(4.9, 0.9), SpeechProbability(4.932, 0.0), SpeechStarted(5.05, 4.986))
    assert turns.overlap_since == 4.986
    assert turns.overlap.spoken_s == pytest.approx(0.064)


def test_speech_over_the_reply_silences_it_and_takes_the_floor_when_it_lasts() -> None:
    turns = over_the_reply()
    [(silent, suspended), (first, taken), (_, begun)] = hops(turns, 5.0, 6.2, 0.9)
    assert (suspended, taken, begun) == (Suspend(), Yield(1), Begin(2, 5.0))
    assert silent - 5.0 == pytest.approx(CONFIRM_S, abs=HOP_S)
    assert first - 5.0 == pytest.approx(LONGEST_BACKCHANNEL_S, abs=HOP_S)
    assert decided(turns, pause(7.0), over(7.0))[-1] == Answer(2, SpokenQuestion(5.0, 7.0, 7.4))


def test_where_nobody_recognises_words_it_takes_the_floor_soon() -> None:
    turns = Turns(Patience(silence_s=0.4, pause_s=0.2, threshold=3.0), DECIDE_S)
    decided(turns, start(1.0), pause(2.0), over(2.0), ReplySounded(1))
    _, (first, taken), _ = hops(over_the_reply(turns), 5.0, 5.4, 0.9)
    assert taken == Yield(1)
    assert first - 5.0 == pytest.approx(DECIDE_S, abs=HOP_S)


def test_words_over_the_reply_take_the_floor_as_soon_as_they_are_known() -> None:
    turns = over_the_reply()
    assert [decision for _, decision in hops(turns, 5.0, 5.26, 0.9)] == [Suspend()]
    assert decided(turns, OverlapTranscribed(5.0, backchannel=False)) == [Yield(1), Begin(2, 5.0)]


def test_a_short_word_takes_the_floor_after_its_end() -> None:
    turns = over_the_reply()
    hops(turns, 5.0, 5.17, 0.9)
    words = OverlapTranscribed(5.0, backchannel=False)
    assert decided(turns, pause(5.17, 0.17), words) == [Yield(1), Begin(2, 5.0)]


def test_words_that_are_not_sure_silence_the_reply_and_it_comes_back() -> None:
    turns = over_the_reply()
    decided(turns, OverlapTranscribed(5.0, backchannel=None))
    assert [decision for _, decision in hops(turns, 5.0, 5.6, 0.9)] == [Suspend()]
    assert [decision for _, decision in hops(turns, 5.6, 6.1, 0.0)] == [Restore()]


def test_words_of_a_sound_that_is_too_short_for_them_do_not() -> None:
    turns = over_the_reply()
    hops(turns, 5.0, 5.1, 0.9)
    assert decided(turns, pause(5.1, 0.1), OverlapTranscribed(5.0, backchannel=False)) == []
    assert [decision for _, decision in hops(turns, 5.2, 6.0, 0.0)] == [Restore()]


def test_a_backchannel_leaves_the_reply_its_floor() -> None:
    turns = over_the_reply()
    decided(turns, OverlapTranscribed(5.0, backchannel=True))
    assert hops(turns, 5.0, 5.6, 0.9) == []
    assert [decision for _, decision in hops(turns, 5.6, 6.1, 0.0)] == [Restore()]
    assert turns.phase is Phase.REPLYING


def test_a_reply_that_fell_silent_for_a_backchannel_goes_on_quietly() -> None:
    turns = over_the_reply()
    hops(turns, 5.0, 5.3, 0.9)
    assert decided(turns, OverlapTranscribed(5.0, backchannel=True)) == [Duck()]
    assert hops(turns, 5.3, 5.6, 0.9) == []
    assert [decision for _, decision in hops(turns, 5.6, 6.1, 0.0)] == [Restore()]


def test_a_backchannel_that_goes_on_in_other_words_is_an_interruption() -> None:
    turns = over_the_reply()
    decided(turns, OverlapTranscribed(5.0, backchannel=True))
    hops(turns, 5.0, 5.6, 0.9)
    assert decided(turns, OverlapTranscribed(5.0, backchannel=False)) == [Yield(1), Begin(2, 5.0)]
    assert turns.turn == 2


def test_nobody_says_mm_hm_for_long() -> None:
    turns = over_the_reply()
    decided(turns, OverlapTranscribed(5.0, backchannel=True))
    [(at, taken), *_] = hops(turns, 5.0, 6.5, 0.9)
    assert taken == Yield(1)
    assert at - 5.0 == pytest.approx(LONGEST_BACKCHANNEL_S, abs=HOP_S)


def test_words_of_other_speech_do_not_count() -> None:
    turns = over_the_reply()
    hops(turns, 5.0, 5.26, 0.9)
    assert decided(turns, OverlapTranscribed(3.0, backchannel=False)) == []
