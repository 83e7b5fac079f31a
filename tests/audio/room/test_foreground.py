"""The person who talks with us, before a background that speaks as well. Levels in dBFS, hops of 32 ms."""

from __future__ import annotations

import numpy as np

from audio.room.foreground import Foreground

TALKER, BEHIND, QUIET = -23.0, -33.0, -65.0


def hops(foreground: Foreground, level: float, seconds: float, *, speech: bool = True, spread: float = 2.0) -> float:
    """The share of hops that stand out; their levels vary."""
    chance = np.random.default_rng(0)
    count = round(seconds / 0.032)
    out = [foreground.stands_out(level + spread * float(chance.standard_normal()), speech) for _ in range(count)]
    return sum(out) / count


def talked_with() -> Foreground:
    """A person has asked something in a quiet room."""
    foreground = Foreground()
    hops(foreground, QUIET, 1.0, speech=False)
    assert hops(foreground, TALKER, 1.5) == 1.0
    hops(foreground, QUIET, 1.0, speech=False)
    return foreground


def test_in_a_quiet_room_every_word_counts() -> None:
    foreground = talked_with()
    assert hops(foreground, TALKER - 3, 1.5) > 0.9
    assert hops(foreground, QUIET, 1.0, speech=False) == 0.0


def test_a_sentence_that_ends_quietly_is_heard_to_its_end() -> None:
    """The levels of "set a timer for ten seconds, please", by a voice whose last words are 14 dB lower."""
    foreground = Foreground()
    hops(foreground, QUIET, 1.0, speech=False)
    assert hops(foreground, TALKER, 1.0) == 1.0
    assert hops(foreground, TALKER - 14, 0.4) == 1.0
    assert hops(foreground, TALKER - 6, 0.3) == 1.0
    hops(foreground, QUIET, 0.3, speech=False)
    assert hops(foreground, TALKER - 14, 0.4) == 1.0
    hops(foreground, QUIET, 1.0, speech=False)
    assert hops(foreground, TALKER - 14, 0.4) == 0.0, "somebody else, after the sentence"


def test_a_television_behind_the_person_does_not_count() -> None:
    foreground = talked_with()
    assert hops(foreground, BEHIND, 60.0) < 0.01
    assert hops(foreground, TALKER, 1.5) > 0.8
    assert hops(foreground, BEHIND, 1.0) < 0.3, "the turn ends"


def test_babble_that_never_stops_does_not_count_before_anybody_has_talked() -> None:
    foreground = Foreground()
    hops(foreground, BEHIND, 1.0)
    assert hops(foreground, BEHIND, 60.0) < 0.02
    assert hops(foreground, TALKER + 4, 1.5) > 0.8


def test_somebody_who_moved_away_is_heard_after_a_while() -> None:
    foreground = talked_with()
    hops(foreground, QUIET, 120.0, speech=False)
    assert hops(foreground, TALKER - 9, 1.5) > 0.8


def test_somebody_who_speaks_quietly_and_waits_is_heard_the_next_time() -> None:
    foreground = talked_with()
    assert hops(foreground, TALKER - 10, 1.5) < 0.3
    hops(foreground, QUIET, 2.0, speech=False)
    assert hops(foreground, TALKER - 10, 1.5) > 0.8


def test_over_our_own_voice_a_quieter_one_counts() -> None:
    foreground = talked_with()
    assert not any(foreground.stands_out(TALKER - 9, True) for _ in range(20))
    foreground = talked_with()
    assert sum(foreground.stands_out(TALKER - 9, True, in_echo=True) for _ in range(20)) > 10
