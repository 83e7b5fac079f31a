"""Frame sampling: which frames are looked at and which are read."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vision.conftest import DrawSign, as_high
from vision.frames.sampling import Choice, FrameChooser, FrameSamplingSettings
from vision.picture import Picture, Pixels

RULES = FrameSamplingSettings(
    looks_per_s=4, look_every_s=2, settle_s=1, read_gap_s=1, read_every_s=4, reread_every_s=20
)
FRAME_S = 0.125


def offered(chooser: FrameChooser, frames: list[Pixels], start: float = 0.0) -> list[tuple[float, Choice]]:
    times = [start + i * FRAME_S for i in range(len(frames))]
    return [(at, chooser.offer(Picture(rgb, at), at)) for at, rgb in zip(times, frames, strict=True)]


def looks(choices: list[tuple[float, Choice]]) -> list[float]:
    return [at for at, choice in choices if choice.detect]


def readings(choices: list[tuple[float, Choice]]) -> list[float]:
    return [at for at, choice in choices if choice.read]


def test_the_first_frame_is_looked_at_read_and_shown(astronaut: Pixels) -> None:
    picture = Picture(astronaut, 0.0)
    assert FrameChooser().offer(picture, 0.0) == Choice(detect=True, read=True, shown=picture, unchanged=True)


def test_a_still_scene_is_looked_at_often_first_and_then_rarely(astronaut: Pixels) -> None:
    times = looks(offered(FrameChooser(RULES), [astronaut] * 64))
    assert times[:4] == [0, 0.25, 0.5, 0.75]  # settling: enough votes for a still picture
    assert all(later - earlier == 2.0 for earlier, later in pairwise(times[4:]))
    assert len(times) < 10


def test_motion_is_looked_at_at_the_maximum_rate(astronaut: Pixels) -> None:
    frames = [np.roll(astronaut, 20 * i, axis=1) for i in range(32)]
    assert looks(offered(FrameChooser(RULES), frames)) == [i / 4 for i in range(16)]


def test_a_still_scene_is_not_read_again(draw_sign: DrawSign) -> None:
    assert readings(offered(FrameChooser(RULES), [draw_sign(["EXIT 42"])] * 100)) == [0.0]


def test_a_new_sign_is_read_once_it_stands_still(draw_sign: DrawSign) -> None:
    chooser = FrameChooser(RULES)
    offered(chooser, [draw_sign(["EXIT 42"])] * 24)
    moving = [np.roll(draw_sign(["PLATFORM 9"]), 40 * i, axis=0) for i in range(4)]
    read = readings(offered(chooser, [*moving, *[moving[-1]] * 16], start=3.0))
    assert len(read) == 1
    assert 3.0 + 3 * FRAME_S < read[0] <= 3.0 + 3 * FRAME_S + 0.5


def test_a_scene_that_never_stands_still_is_read(draw_sign: DrawSign) -> None:
    frames = [np.roll(draw_sign(["EXIT 42"]), 40 * i, axis=0) for i in range(80)]
    assert readings(offered(FrameChooser(RULES), frames)) == [0.0, 4.0, 8.0]


def test_a_question_causes_a_look_and_a_reading(astronaut: Pixels) -> None:
    chooser = FrameChooser(RULES)
    offered(chooser, [astronaut] * 3)
    choice = chooser.offer(Picture(astronaut, 0.3), 0.3, asked=True)
    assert choice.detect and choice.read


def test_a_view_counts_as_read_until_it_changes(draw_sign: DrawSign) -> None:
    chooser = FrameChooser(RULES)
    signs = [draw_sign(["EXIT 42"])] * 4 + [draw_sign(["PLATFORM 9"])] * 2
    assert [choice.is_read for _, choice in offered(chooser, signs)] == [False, True, True, True, False, False]


def test_a_sign_counts_as_read_while_something_passes_beside_it(draw_sign: DrawSign) -> None:
    sign = draw_sign(["EXIT 42"])
    passing = [sign.copy() for _ in range(4)]
    for i, frame in enumerate(passing):
        frame[400:, 60 * i : 60 * i + 80] = (200, 40, 40)
    choices = offered(FrameChooser(RULES), [sign, *passing, draw_sign(["EXIT 48"])])
    assert [choice.is_read for _, choice in choices] == [False, True, True, True, True, False]


def test_a_bare_wall_is_read_rarely() -> None:
    walls = [np.full((480, 640, 3), 100 + 60 * (i // 8 % 2), np.uint8) for i in range(200)]
    assert readings(offered(FrameChooser(RULES), walls)) == [0.0, 20.0]


def test_a_frame_of_another_size_is_a_change(astronaut: Pixels) -> None:
    chooser = FrameChooser(RULES)
    offered(chooser, [astronaut])
    assert chooser.offer(Picture(as_high(astronaut, 300), 1.0), 1.0).detect


_VIEWS = [np.random.default_rng(seed).integers(0, 256, (48, 64, 3), np.uint8) for seed in range(3)]


@settings(max_examples=40, deadline=None)
@given(
    frames=st.lists(
        st.tuples(st.integers(0, 2), st.floats(0.05, 1.5), st.sampled_from([False] * 5 + [True])), max_size=30
    )
)
def test_whatever_is_shown_the_rates_are_kept(frames: list[tuple[int, float, bool]]) -> None:
    """Looks and readings keep their distance except for a question, and pictures their budget."""
    chooser, at = FrameChooser(RULES), 0.0
    looked = read = float("-inf")
    pictures = 0
    for view, later, asked in frames:
        at += later
        choice = chooser.offer(Picture(_VIEWS[view], at), at, asked)
        if choice.detect:
            assert asked or at - looked >= 1 / RULES.looks_per_s - 1e-6
            looked = at
        if choice.read:
            assert asked or at - read >= RULES.read_gap_s - 1e-6
            read = at
        assert not asked or (choice.detect and choice.read)
        pictures += choice.shown is not None and not asked
    assert pictures <= RULES.pictures.at_once + RULES.pictures.per_min * at / 60 + 1 + at / RULES.pictures.still_every_s
