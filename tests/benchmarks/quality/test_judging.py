"""Verdicts on replies: right, admitted, wrong."""

from __future__ import annotations

import pytest

from benchmarks.quality.judging import Verdict, verdict


@pytest.mark.parametrize(
    ("rules", "reply", "expected"),
    [
        (["no"], "No, I don't see a dog right now.", Verdict.RIGHT),
        (["no"], "Yes, there is a dog on the left.", Verdict.WRONG),
        (["no"], "I can't tell whether there is one.", Verdict.RIGHT),
        (["yes"], "Yes, I see a person in the middle.", Verdict.RIGHT),
        (["yes"], "There are two apples on the right.", Verdict.RIGHT),
        (["yes"], "No, I don't see anyone.", Verdict.WRONG),
        (["yes"], "I'm not sure.", Verdict.ADMITTED),
        (["two|2\\b"], "I see two books.", Verdict.RIGHT),
        (["two|2\\b"], "There are 27 books.", Verdict.WRONG),
        (["one|1\\b"], "I see a phone.", Verdict.WRONG),
        (["9[.,]70"], "The total is 9.70.", Verdict.RIGHT),
        (["9[.,]70"], "The total is 19.70.", Verdict.WRONG),
        (["9[.,]70"], "I can't read the total.", Verdict.ADMITTED),
        (["unknown"], "I can't tell that from the picture.", Verdict.RIGHT),
        (["unknown"], "The receipt doesn't show the time.", Verdict.RIGHT),
        (["unknown"], "I don't have that information.", Verdict.RIGHT),
        (["unknown"], "It is a Toyota.", Verdict.WRONG),
        (["no|12", "!^yes"], "Yes, it costs 12.50.", Verdict.WRONG),
        (["no|12", "!^yes"], "No, it costs 12.50.", Verdict.RIGHT),
        (["long", "cat"], "Once upon a time there was a cat. " * 8, Verdict.RIGHT),
        (["long", "cat"], "I'm sorry, I can't tell you a story about a cat.", Verdict.ADMITTED),
        (["yes"], "", Verdict.ADMITTED),
        (["no|n't"], "I can't see anything.", Verdict.RIGHT),
        (["blue"], "Sorry, I can't see the sweater.", Verdict.ADMITTED),
        (["yes|dog"], "Sorry, I can't see any pets.", Verdict.WRONG),
    ],
)
def test_replies_are_judged(rules: list[str], reply: str, expected: Verdict) -> None:
    assert verdict(reply, rules) is expected
