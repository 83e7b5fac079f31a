"""The tools for rules of watching, called as a model calls them."""

from __future__ import annotations

import asyncio

import pytest

from dialogue.errors import BadInput
from dialogue.tools.watch_tools import WatchTools
from dialogue.watching.condition import Condition
from dialogue.watching.watch_talk import MOST_RULES
from tests.dialogue.watching.kept import Kept


def test_a_rule_is_set_and_stopped() -> None:
    kept = Kept()
    tools = WatchTools(kept)
    assert tools.watch_for("a person comes in") == "rule 1 is set: the user is informed when a person comes in"
    tools.watch_for("you read EXIT", every_time=True)
    assert [rule.condition for rule in kept.rules] == [
        Condition("appears", ("person",), "person"),
        Condition("text", text="EXIT"),
    ]
    assert tools.stop_watching(1) == "stopped: [1]"
    assert [rule.number for rule in kept.rules] == [2]
    with pytest.raises(BadInput, match=r"no rule 1; there are \[2\]"):
        tools.stop_watching(1)
    tools.stop_watching()
    assert kept.rules == ()


@pytest.mark.parametrize("event", ["the water boils", "my wife comes home", "", "a person smiles"])
def test_what_cannot_be_watched_for_goes_back_to_the_model(event: str) -> None:
    with pytest.raises(BadInput, match=r"cannot be watched for\. I can watch for people"):
        WatchTools(Kept()).watch_for(event)


def test_the_number_of_rules_is_limited() -> None:
    tools = WatchTools(Kept())
    for number in range(MOST_RULES):
        tools.watch_for(f"you read the number {number}")
    with pytest.raises(BadInput, match="stop one first"):
        tools.watch_for("a person comes in")


def test_a_model_reads_what_they_do() -> None:
    async def called() -> object:
        tool = WatchTools(Kept()).all()[0]
        return tool.run(event="it gets dark", every_time=False)

    assert asyncio.run(called()) == "rule 1 is set: the user is informed when it gets dark"
