"""Playback: what is played, what was heard, where it is cut."""

import numpy as np
import pytest

from stream.playout.playback import AudioPiece, Playback

RATE = 1000


def piece(text: str, seconds: float, ends: tuple[tuple[float, int], ...] = ()) -> AudioPiece:
    return AudioPiece(text, np.full(round(seconds * RATE), 0.5, np.float32), ends)


def playing(turn: int = 1, *pieces: AudioPiece) -> Playback:
    playback = Playback(RATE)
    playback.start(turn)
    for each in pieces:
        playback.add(turn, each)
    return playback


def test_nothing_is_heard_before_the_turn_is_opened() -> None:
    playback = playing(1, piece("Hello. ", 0.1))
    assert not playback.pull(20).any()
    assert playback.sent_s(1) == 0
    playback.open(1)
    assert playback.pull(20).all()
    assert playback.sent_s(1) == pytest.approx(0.02)


def test_pieces_join_without_a_gap_and_the_rest_is_silence() -> None:
    playback = playing(1, piece("a", 0.03), piece("b", 0.03))
    playback.open(1)
    heard = np.concatenate([playback.pull(20) for _ in range(4)])
    assert heard[:60].all()
    assert not heard[60:].any()


def test_a_ducked_reply_goes_on_quietly_and_comes_back_without_a_step() -> None:
    playback = playing(1, piece("a", 0.2))
    playback.open(1)
    playback.pull(40)
    playback.duck()
    down, quiet = playback.pull(20), playback.pull(20)
    playback.restore()
    up, loud = playback.pull(20), playback.pull(100)
    assert quiet == pytest.approx(np.full(20, 0.5 * 10 ** (-12 / 20)), rel=1e-5)
    assert loud == pytest.approx(np.full(100, 0.5))
    assert np.abs(np.diff(np.concatenate([down, quiet, up, loud]))).max() < 0.03
    assert playback.sent_s(1) == pytest.approx(0.2), "no sample was left out"


def test_a_suspended_reply_goes_on_with_the_word_that_was_not_heard() -> None:
    samples = np.linspace(0.1, 1.0, 300, dtype=np.float32)
    playback = playing(1, AudioPiece("One two three. ", samples, ((0.1, 4), (0.2, 8), (0.3, 15))), piece("Four.", 0.1))
    playback.open(1)
    playback.pull(260)
    playback.suspend(0.04)  # 220 were heard: the second word ended at 200
    assert not playback.pull(20).any()
    assert playback.heard_characters(1, 0.04) == 8
    playback.restore()
    assert playback.pull(100) == pytest.approx(samples[200:])
    assert playback.pull(100) == pytest.approx(np.full(100, 0.5))
    assert playback.sent_s(1) == pytest.approx(0.4)


def test_late_sound_of_an_old_turn_is_dropped() -> None:
    playback = playing(1, piece("old", 0.1))
    playback.start(2)
    playback.add(1, piece("late", 0.1))
    playback.open(2)
    assert not playback.pull(20).any()
    playback.open(1)
    assert not playback.pull(20).any()


def test_heard_characters_are_whole_words_after_the_far_ends_delay() -> None:
    playback = playing(1, piece("One two. ", 1.0, ((0.4, 3), (0.9, 8))), piece("Three.", 1.0, ((0.9, 6),)))
    playback.open(1)
    playback.pull(700)
    assert playback.heard_characters(1, delay_s=0.0) == 3
    assert playback.heard_characters(1, delay_s=0.5) == 0
    playback.pull(500)
    assert playback.heard_characters(1, delay_s=0.1) == len("One two. ")
    playback.pull(800)
    assert playback.heard_characters(1, delay_s=0.0) == len("One two. Three.")


def test_drained_only_when_complete_and_all_sent() -> None:
    playback = playing(1, piece("a", 0.04))
    playback.open(1)
    playback.pull(40)
    assert not playback.drained(1)
    playback.complete(1)
    assert playback.drained(1)
    assert not playback.drained(2)


def test_opening_the_first_sample_each_step_and_the_last_sample_are_reported() -> None:
    reported: list[float] = []
    playback = Playback(RATE, on_moved=lambda: reported.append(playback.sent_s(1)))
    playback.start(1)
    playback.add(1, piece("a", 0.25))
    playback.open(1)
    for _ in range(20):
        playback.pull(20)
    assert reported == pytest.approx([0.0, 0.02, 0.1, 0.2, 0.25])


def test_drop_is_silence_at_once_and_forgets() -> None:
    playback = playing(1, piece("a", 1.0))
    playback.open(1)
    playback.pull(20)
    playback.drop(1)
    assert not playback.pull(20).any()
    assert playback.sent_s(1) == 0
    assert playback.waiting_s() == 0


def test_a_continued_turn_has_not_drained() -> None:
    playback = playing(1, piece("a", 0.02))
    playback.open(1)
    playback.complete(1)
    playback.go_on(1)
    playback.pull(20)
    assert not playback.drained(1)
    playback.add(1, piece("b", 0.02))
    playback.complete(1)
    playback.pull(20)
    assert playback.drained(1)
