"""The first hop of speech over the reply: it lowers the voice, and is no turn.

Also tests `decisions.py` and `events.py`.
"""

from __future__ import annotations

import pytest

from audio.segmentation import SpeechStarted
from audio.voice_activity import SpeechProbability
from stream.turns.decisions import Duck, Finish, Restore
from stream.turns.events import ReplyHeardOut
from stream.turns.overlap import LONE_S
from stream.turns.turns import Phase
from tests.stream.turns.test_turns import HOP_S, answered, decided, hops


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
