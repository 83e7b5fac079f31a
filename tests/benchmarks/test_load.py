"""The questions and the figures of the load benchmark."""

from __future__ import annotations

from random import Random

from benchmarks.load import BUDGET_S, LoadTally, figures_of, products


def test_no_answer_can_be_that_of_another_caller_with_an_operand_misheard() -> None:
    for asked in zip(*products(4, 10, Random(1)), strict=True):
        for one in asked:
            misheard = {one.a * other for other in range(1, 100)} | {one.b * other for other in range(1, 100)}
            assert not misheard & {other.answer for other in asked if other is not one}


def test_a_reply_with_the_number_of_another_caller_is_cross_talk() -> None:
    tally = LoadTally()
    tally.judge("The answer is 42.", 42, {55})
    tally.judge("That is 55.", 42, {55})
    tally.judge("7 times 9 is 63.", 42, {55})
    assert (tally.right, tally.cross_talk) == (1, 1)


def test_a_level_with_a_refusal_or_a_late_answer_is_not_within_the_budget() -> None:
    good = LoadTally(latencies_s=[BUDGET_S / 2] * 3, asked=3, right=3)
    late = LoadTally(latencies_s=[BUDGET_S / 2, 2 * BUDGET_S], asked=2)
    refused = LoadTally(latencies_s=[BUDGET_S / 2], asked=1, refused=1)
    assert figures_of({1: good, 2: good, 3: late})["sessions_within_budget"] == 2
    figures = figures_of({1: good, 2: refused})
    assert figures["sessions_within_budget"] == 1
    assert figures["refused"] == 1
    assert figures["first_audio_ms_p95_at_2"] == round(1000 * BUDGET_S / 2)
