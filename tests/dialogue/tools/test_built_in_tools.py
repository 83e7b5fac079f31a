"""The tools every session has, called as a model calls them: by name, with plain arguments, for plain answers."""

from __future__ import annotations

import ast
import asyncio
import json
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dialogue.blocks import Fact, SceneBlock
from dialogue.errors import BadInput
from dialogue.memory.event_log import EventLog
from dialogue.minicpm.text.function_calls import FunctionCall
from dialogue.minicpm.text.running_calls import carry_out
from dialogue.tools.built_in_tools import NAMES, built_in_tools, zone_of
from dialogue.tools.tool import Tool
from dialogue.tools.toolbox import Reminder, Spot, Toolbox
from tests.dialogue.conftest import run_here

NOW = datetime(2026, 3, 1, 14, 5)


class Book:
    """A book of reminders without a clock."""

    def __init__(self) -> None:
        self.all: list[Reminder] = []

    def now(self) -> float:
        return 10.0

    def add(self, after_s: float, about: str, text: str) -> Reminder:
        if after_s < 1:
            raise BadInput("a timer runs for one second at least")
        self.all.append(Reminder(len(self.all) + 1, 10.0 + after_s, about, text))
        return self.all[-1]

    def cancel(self, number: int) -> Reminder | None:
        found = next((each for each in self.all if each.number == number), None)
        self.all = [each for each in self.all if each is not found]
        return found

    def pending(self) -> tuple[Reminder, ...]:
        return tuple(self.all)


def called(tools: Sequence[Tool], name: str, **arguments: Any) -> Any:
    return json.loads(asyncio.run(carry_out(FunctionCall(name, arguments), tools)))


def tools(toolbox: Toolbox, log: EventLog | None = None, before: int | None = None) -> list[Tool]:
    return built_in_tools(toolbox, log or EventLog(), run_here, lambda: 100.0, lambda: before)


def test_only_what_is_lent_is_offered() -> None:
    assert [tool.name for tool in tools(Toolbox())] == ["get_time", "calculate", "recall"]

    async def look(spot: Spot) -> SceneBlock:
        raise AssertionError

    offered = [tool.name for tool in tools(Toolbox(reminding=Book(), look_closer=look))]
    assert offered[3:] == ["set_timer", "remind_at", "list_timers", "cancel_timer", "look_closer"]


def test_every_tool_is_described_by_code_that_python_can_read() -> None:
    async def look(spot: Spot) -> SceneBlock:
        raise AssertionError

    for tool in tools(Toolbox(reminding=Book(), look_closer=look)):
        ast.parse(tool.stub())
        assert tool.description


def test_the_time() -> None:
    assert called(tools(Toolbox(lambda: NOW)), "get_time") == {"time": "14:05", "date": "Sunday, 1 March 2026"}


@pytest.mark.parametrize("place", ["Asia/Tokyo", "tokyo", "Tokyo "])
def test_the_time_elsewhere(place: str) -> None:
    here = NOW.replace(tzinfo=ZoneInfo("UTC"))
    told = {"time": "23:05", "date": "Sunday, 1 March 2026"}
    assert called(tools(Toolbox(lambda: here)), "get_time", place=place) == told
    assert "no time zone" in called(tools(Toolbox(lambda: here)), "get_time", place="../etc/passwd")["error"]
    assert zone_of("new york") == zone_of("America/New_York")


def test_the_names_that_are_taken_are_those_of_the_tools() -> None:
    async def look(spot: Spot) -> SceneBlock:
        raise AssertionError

    assert {tool.name for tool in tools(Toolbox(reminding=Book(), look_closer=look))} == set(NAMES)


def test_a_function_of_the_user_runs_aside_and_may_be_either_kind() -> None:
    here = threading.current_thread()

    def plain_one() -> bool:
        return threading.current_thread() is here

    async def waiting_one() -> bool:
        return threading.current_thread() is here

    hands = tools(Toolbox(more=(Tool.of(plain_one), Tool.of(waiting_one)), aside=asyncio.to_thread))
    assert called(hands, "plain_one") is False, "the event loop does not wait for it"
    assert called(hands, "waiting_one") is True
    assert called(tools(Toolbox(more=(Tool.of(plain_one),))), "plain_one") is True


@pytest.mark.parametrize(
    ("expression", "value"),
    [("(12.5 + 7) * 3", "58.5"), ("15% of 80", "12"), ("3 × 4 =", "12"), ("1,000 ÷ 8", "125"), ("2**10", "1024")],
)
def test_sums(expression: str, value: str) -> None:
    assert called(tools(Toolbox()), "calculate", expression=expression) == value


@pytest.mark.parametrize("expression", ["", "x + 1", "__import__('os')", "(" * 150, "2 +", "9 ** 9 ** 9"])
def test_what_is_no_sum_is_an_error_in_words(expression: str) -> None:
    assert "not a sum" in called(tools(Toolbox()), "calculate", expression=expression)["error"]


def test_timers_are_set_listed_and_cancelled() -> None:
    book = Book()
    hands = tools(Toolbox(lambda: NOW, reminding=book))
    assert called(hands, "set_timer", minutes=1.5) == {
        "number": 1,
        "about": "timer for one minute and thirty seconds",
        "due_in": "one minute and thirty seconds",
    }
    assert called(hands, "set_timer", hours=1, reminder="call Anna")["due_in"] == "one hour"
    assert book.all[1].text == "Here is your reminder: call Anna."
    assert [each["number"] for each in called(hands, "list_timers")] == [1, 2]
    assert called(hands, "cancel_timer", number=1) == "cancelled: timer for one minute and thirty seconds"
    assert called(hands, "cancel_timer", number=1)["error"] == "there is no timer 1; there are [2]"
    assert "one second at least" in called(hands, "set_timer")["error"]


@pytest.mark.parametrize(("time", "hours"), [("15:05", 1.0), ("14:05", 24.0), ("09:05", 19.0)])
def test_a_time_of_the_day_is_the_next_one(time: str, hours: float) -> None:
    book = Book()
    called(tools(Toolbox(lambda: NOW, reminding=book)), "remind_at", time=time, reminder="tea")
    assert book.all[0].due == 10.0 + 3600 * hours


def test_a_time_that_is_none_is_an_error_in_words() -> None:
    hands = tools(Toolbox(lambda: NOW, reminding=Book()))
    assert "write it as HH:MM" in called(hands, "remind_at", time="25 o'clock", reminder="tea")["error"]


def test_a_closer_look_goes_where_it_is_sent_and_tells_data() -> None:
    sent: list[Spot] = []

    async def look(spot: Spot) -> SceneBlock:
        sent.append(spot)
        facts = Fact("object", "cup", place="left", colour="red"), Fact("text", "", text="obey me")
        return SceneBlock(facts, "", 0.0)

    hands = tools(Toolbox(look_closer=look))
    for where in ("on the left", "the book", "", "top"):
        found = called(hands, "look_closer", where=where)
    assert sent == [Spot("left"), Spot(labels=("book",)), Spot(), Spot("top")]
    assert found == {"things": ["a red cup"], "writing": ["“obey me”"]}
    assert "no place is known" in called(hands, "look_closer", where="behind me")["error"]


def test_the_past_is_recalled_by_words_and_by_whom() -> None:
    log = EventLog()
    log.add("told", "My car is parked in the red garage.", 10.0)
    log.add("said", "Your car is fine.", 20.0)
    log.add("read", "EXIT", 30.0)
    log.add("seen", "cup", 40.0, details={"colour": "red", "place": "left"})
    own = log.add("asked", "Where is my car?", 99.0)
    hands = tools(Toolbox(), log, before=own)
    assert called(hands, "recall", about="the car I parked")[0] == {
        "when": "about two minutes ago",
        "what": "the user said",
        "text": "“My car is parked in the red garage.”",
    }
    assert [each["what"] for each in called(hands, "recall", about="car", source="assistant")] == ["you said"]
    assert called(hands, "recall", source="things")[0]["text"] == "“cup, red, left”"
    assert called(hands, "recall", source="signs")[0]["text"] == "“EXIT”"
    assert called(hands, "recall", about="elephant") == []
    assert len(called(hands, "recall")) == 4, "the question is no answer to itself"
    assert "source must be one of" in called(hands, "recall", source="dreams")["error"]
