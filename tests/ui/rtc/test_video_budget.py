"""A camera's frames cost what they cost; beyond the budget none is decoded until half of it is back."""

from __future__ import annotations

import pytest

from ui.rtc.video_budget import BURST_S, CPU_SHARE, PIXELS_PER_S, RESUME_AT, VideoBudget


def test_the_pages_own_video_stays_within_the_budget() -> None:
    budget = VideoBudget()
    for n in range(15 * 60):
        now = n / 15
        assert budget.allows(now)
        budget.spend(now, 1280 * 720, 0.012)


@pytest.mark.parametrize("pixels, cpu_s", [(3840 * 2160, 0.0), (640 * 480, 0.1)])
def test_more_than_the_budget_is_not_decoded(pixels: int, cpu_s: float) -> None:
    budget, decoded = VideoBudget(), 0
    for n in range(30 * 60):
        if budget.allows(n / 30):
            budget.spend(n / 30, pixels, cpu_s)
            decoded += 1
    assert 0 < decoded * pixels <= PIXELS_PER_S * (60 + 2 * BURST_S)
    assert decoded * cpu_s <= CPU_SHARE * (60 + 2 * BURST_S)


def test_it_resumes_when_half_is_back() -> None:
    budget = VideoBudget(pixels_per_s=100.0)
    budget.spend(0.0, 250, 0.0)
    assert not budget.allows(0.1)
    assert not budget.allows(0.5 + BURST_S * RESUME_AT - 0.1)
    assert budget.allows(0.5 + BURST_S * RESUME_AT + 0.1)
