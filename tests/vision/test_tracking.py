"""Tracking: confirmation by votes, identity over frames, and loss."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.detect import Detection
from vision.tracking import LOST_AFTER_S, RETURNS_WITHIN_S, Tracker

BOX = (0.2, 0.2, 0.5, 0.9)
AWAY = (0.7, 0.2, 0.95, 0.9)


def seen(label: str, score: float, box: tuple[float, float, float, float] = BOX) -> Detection:
    return Detection(label, score, box)


def test_a_certain_object_is_confirmed_at_once() -> None:
    (track,) = Tracker().update([seen("person", 0.8)], 1.0)
    assert (track.label, track.since, track.at) == ("person", 1.0, 1.0)


def test_a_likely_object_needs_a_second_look() -> None:
    tracker = Tracker()
    assert tracker.update([seen("cup", 0.5)], 0.0) == []
    assert tracker.undecided
    assert [track.label for track in tracker.update([seen("cup", 0.5)], 0.5)] == ["cup"]
    assert not tracker.undecided


def test_a_single_detection_is_never_confirmed() -> None:
    tracker = Tracker()
    for at, detections in enumerate([[], [seen("bear", 0.55)], [], [], []]):
        assert tracker.update(detections, at / 2) == []
    assert not tracker.undecided


def test_weak_detections_alone_are_never_confirmed() -> None:
    tracker = Tracker()
    assert all(tracker.update([seen("backpack", 0.38)], at / 2) == [] for at in range(20))


def test_the_majority_names_the_object() -> None:
    tracker = Tracker()
    for at, label in enumerate(["cat", "person", "cat", "cat"]):
        tracks = tracker.update([seen(label, 0.6)], at / 2)
    assert [track.label for track in tracks] == ["cat"]


def test_two_classes_in_one_place_are_one_object() -> None:
    tracker = Tracker()
    for at in range(3):
        tracks = tracker.update([seen("cat", 0.66), seen("dog", 0.5)], at / 2)
    assert [(track.label, track.number) for track in tracks] == [("cat", 1)]


def test_a_part_of_an_object_is_not_another_object() -> None:
    tracker = Tracker()
    for at in range(3):
        tracks = tracker.update([seen("person", 0.8), seen("person", 0.5, (0.25, 0.2, 0.4, 0.5))], at / 2)
    assert len(tracks) == 1


def test_a_moving_object_keeps_its_number() -> None:
    tracker = Tracker()
    for step in range(8):
        left = 0.05 + 0.1 * step
        tracks = tracker.update([seen("person", 0.7, (left, 0.2, left + 0.15, 0.9))], step / 2)
    assert [track.number for track in tracks] == [1]
    assert tracks[0].since == 0.0


def test_two_people_apart_are_two_objects() -> None:
    tracks = Tracker().update([seen("person", 0.8), seen("person", 0.7, AWAY)], 0.0)
    assert len({track.number for track in tracks}) == 2


def test_one_missed_look_loses_nothing() -> None:
    tracker = Tracker()
    tracker.update([seen("person", 0.8)], 0.0)
    (track,) = tracker.update([], 10.0)
    assert track.at == 0.0
    (track,) = tracker.update([seen("person", 0.8)], 10.5)
    assert (track.number, track.since) == (1, 0.0)


@pytest.mark.parametrize("looks_per_s", [1, 2, 4, 10])
def test_an_object_that_disappears_is_lost_in_time(looks_per_s: int) -> None:
    tracker = Tracker()
    for look in range(4):
        tracker.update([seen("person", 0.8)], look / looks_per_s)
    gone, lost_at = 3 / looks_per_s, None
    for look in range(1, 60):
        at = gone + look / looks_per_s
        if lost_at is None and not tracker.update([], at):
            lost_at = at
    assert lost_at is not None
    assert lost_at - gone <= max(LOST_AFTER_S, 2 / looks_per_s) + 1 / looks_per_s


def test_a_single_picture_can_be_confirmed_at_once() -> None:
    tracker = Tracker()
    tracker.update([seen("cup", 0.5), seen("bear", 0.35, AWAY)], 0.0)
    assert [track.label for track in tracker.confirm_now()] == ["cup"]


def test_clearing_removes_all_objects() -> None:
    tracker = Tracker()
    tracker.update([seen("person", 0.8)], 0.0)
    tracker.clear()
    assert tracker.tracks() == []
    assert tracker.update([seen("person", 0.8)], 1.0)[0].number == 2


def hidden_for(seconds: float, back: tuple[float, float, float, float]) -> tuple[int, int]:
    """The numbers of a person before and after being hidden, looked at twice a second."""
    tracker = Tracker()
    (before,) = tracker.update([seen("person", 0.8)], 0.0)
    for look in range(1, round(2 * seconds)):
        tracker.update([], look / 2)
    (after,) = tracker.update([seen("person", 0.8, back)], seconds)
    return before.number, after.number


def test_a_hidden_object_keeps_its_number_at_its_place() -> None:
    before, after = hidden_for(5.0, BOX)
    assert before == after


@pytest.mark.parametrize(("seconds", "back"), [(5.0, (0.0, 0.0, 0.05, 0.1)), (RETURNS_WITHIN_S + 3, BOX)])
def test_what_comes_elsewhere_or_late_is_another_object(
    seconds: float, back: tuple[float, float, float, float]
) -> None:
    before, after = hidden_for(seconds, back)
    assert before != after


def test_objects_keep_their_numbers_while_the_lens_is_covered() -> None:
    tracker = Tracker()
    before = tracker.update([seen("person", 0.8), seen("cup", 0.8, AWAY)], 0.0)
    tracker.cover()
    assert tracker.tracks() == []
    after = tracker.update([seen("cup", 0.8, AWAY), seen("person", 0.8)], 3.0)
    assert {track.number for track in after} == {track.number for track in before}


@settings(max_examples=60, deadline=None)
@given(
    pace=st.floats(-0.05, 0.05),
    seen_in=st.lists(st.booleans(), min_size=4, max_size=30),
    scores=st.lists(st.floats(0.5, 0.95), min_size=34, max_size=34),
)
def test_an_object_that_moves_and_is_missed_now_and_then_stays_the_same_one(
    pace: float, seen_in: list[bool], scores: list[float]
) -> None:
    """At four looks a second, missed in no more than two of them one after another."""
    tracker, numbers, missed = Tracker(), set[int](), 0
    for look, is_seen in enumerate([True, True, *seen_in, True, True]):
        missed = 0 if is_seen or missed == 2 else missed + 1
        left = 0.4 + pace * min(look, 6)
        found = [] if missed else [seen("cup", scores[look], (left, 0.4, left + 0.2, 0.8))]
        numbers |= {track.number for track in tracker.update(found, look / 4)}
    assert len(numbers) <= 1
    assert len(tracker.tracks()) == 1


@settings(max_examples=60, deadline=None)
@given(looks=st.lists(st.lists(st.tuples(st.floats(0, 0.8), st.floats(0.3, 1.0)), max_size=4), max_size=12))
def test_whatever_is_detected_objects_are_kept_apart_and_time_goes_on(looks: list[list[tuple[float, float]]]) -> None:
    tracker = Tracker()
    for at, found in enumerate(looks):
        detections = [seen("cup", score, (left, 0.1, left + 0.2, 0.5)) for left, score in found]
        tracks = tracker.update(detections, float(at))
        assert len({track.number for track in tracks}) == len(tracks)
        assert all(0 <= track.since <= track.at <= at for track in tracks)
        assert all(at - track.at < LOST_AFTER_S + 1 for track in tracks)
