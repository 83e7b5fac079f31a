import pytest

from stream.budget import TurnTiming, percentile


def test_the_first_mark_of_a_stage_wins() -> None:
    timing = TurnTiming(stopped_at=10.0)
    timing.mark("first_token", 10.3)
    timing.mark("first_token", 10.9)
    assert timing.marks == {"first_token": pytest.approx(0.3)}


def test_over_lists_late_stages_in_the_order_of_the_chain() -> None:
    timing = TurnTiming(0.0, {"first_sound_heard": 1.0, "transcript": 0.6, "first_token": 0.1})
    budget = {"transcript": 0.5, "first_token": 0.5, "first_sound_heard": 0.9}
    assert timing.over(budget) == ("transcript", "first_sound_heard")


def test_percentiles_interpolate() -> None:
    assert percentile([4, 1, 3, 2], 0.5) == 2.5
    assert percentile([7], 0.95) == 7
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)
