"""The tools every session has: time, timers and reminders, sums, a closer look, and what was said or seen before.

Their names, arguments and descriptions are what a model reads. What they need is lent by the session (`Toolbox`) and
by the engine (its event log). Errors are sentences that a model can act on. What is written in the room comes back
as data in quotation marks.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from dialogue.blocks import Fact, SceneBlock
from dialogue.engine import Runner
from dialogue.errors import BadInput
from dialogue.memory.event_log import EventLog
from dialogue.memory.lookup import remembered
from dialogue.text import arithmetic
from dialogue.text.labels import find_things
from dialogue.text.plain_words import plain
from dialogue.text.scene_phrases import grouped, quoted, thing
from dialogue.text.time_words import span
from dialogue.tools.tool import Tool
from dialogue.tools.toolbox import Reminder, Side, Spot, Toolbox

_SIDES: Mapping[str, Side] = {
    "left": "left",
    "right": "right",
    "top": "top",
    "bottom": "bottom",
    "middle": "middle",
    "centre": "middle",
    "center": "middle",
}
NAMES = ("get_time", "calculate", "recall", "set_timer", "remind_at", "list_timers", "cancel_timer", "look_closer")
LONGEST_SUM = 200
_SIGNS = str.maketrans({"\u00d7": "*", "\u00f7": "/", "\u2212": "-", ",": None, "=": None})


def built_in_tools(
    toolbox: Toolbox, log: EventLog, run: Runner, now: Callable[[], float], before: Callable[[], int | None]
) -> list[Tool]:
    """`now` is the session time of the question, `before` its own line in the log: it is no answer to itself."""
    # Those that all have come first: so much of the instruction is the same for all, and computed once.
    always = [Tool.of(_Clock(toolbox.clock).get_time), Tool.of(calculate), Tool.of(_Past(log, run, now, before).recall)]
    lent: list[Tool] = []
    if toolbox.reminding is not None:
        timers = _Timers(toolbox)
        hands: list[Callable[..., Any]] = [timers.set_timer, timers.remind_at, timers.list_timers, timers.cancel_timer]
        lent += [Tool.of(hand) for hand in hands]
    if toolbox.look_closer is not None:
        lent.append(Tool.of(_SceneTools(toolbox).look_closer))
    return [*always, *lent, *(_of_the_user(tool, toolbox) for tool in toolbox.more)]


def _of_the_user(tool: Tool, toolbox: Toolbox) -> Tool:
    """A tool that is not called before its time has come, and keeps nobody waiting but its own reply."""

    async def run(**given: Any) -> Any:
        if toolbox.decided is not None:
            await toolbox.decided()
        call = partial(tool.run, **given)
        result = await toolbox.aside(call) if toolbox.aside is not None else call()
        return await result if inspect.isawaitable(result) else result

    return replace(tool, run=run)


def calculate(expression: Annotated[str, "such as (12.5 + 7) * 3 or 15% of 80"]) -> str:
    """Work out a sum exactly. Knows + - * / ^ and parentheses, and percent of."""
    value = arithmetic.result(expression.lower().translate(_SIGNS)) if len(expression) <= LONGEST_SUM else None
    if value is None:
        raise BadInput("this is not a sum of numbers with + - * / ^ and parentheses, or a number beyond 10^15 in it")
    return value


class _Clock:
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def get_time(
        self, place: Annotated[str, "a time zone or its city, such as Asia/Tokyo; empty for here"] = ""
    ) -> dict[str, str]:
        """Tell the time and date."""
        now = self._clock()
        if place.strip():
            now = now.astimezone(zone_of(place))
        return {"time": f"{now:%H:%M}", "date": f"{now:%A}, {now.day} {now:%B} {now.year}"}


def zone_of(place: str) -> ZoneInfo:
    """A time zone by its name or by its city ("new york"). Raises BadInput for others."""
    words = "_".join(plain(place.replace("/", " ").replace("_", " ")).split())
    for name in _zones():
        spelt = name.lower().replace("/", "_").replace("-", "_")
        if spelt == words or name.lower().rpartition("/")[2] == words:
            return ZoneInfo(name)
    raise BadInput(f"no time zone is known as {place!r}; name one such as Europe/Paris, or leave it empty")


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


class _Timers:
    def __init__(self, toolbox: Toolbox) -> None:
        assert toolbox.reminding is not None
        self._book, self._clock = toolbox.reminding, toolbox.clock

    def set_timer(
        self,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        reminder: Annotated[str, "what to remind the user of; empty for a plain timer"] = "",
    ) -> dict[str, Any]:
        """Set a timer, or a reminder after some time. It is said aloud when it is due."""
        after_s = 3600 * hours + 60 * minutes + seconds
        return self._told(self._book.add(after_s, *timer_words(after_s, reminder)))

    def remind_at(
        self, time: Annotated[str, "of the day, as HH:MM"], reminder: Annotated[str, "what to remind the user of"]
    ) -> dict[str, Any]:
        """Set a reminder for a time of the day. It is said aloud when it is due."""
        now = self._clock()
        try:
            wanted = datetime.strptime(time.strip(), "%H:%M").time()
        except ValueError as odd:
            raise BadInput(f"{time!r} is no time of the day; write it as HH:MM") from odd
        due = now.replace(hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0)
        after_s = ((due if due > now else due + timedelta(days=1)) - now).total_seconds()
        return self._told(self._book.add(after_s, *timer_words(after_s, reminder)))

    def list_timers(self) -> list[dict[str, Any]]:
        """List the timers and reminders that are not due yet."""
        return [self._told(each) for each in self._book.pending()]

    def cancel_timer(self, number: int) -> str:
        """Cancel a timer or reminder by its number."""
        cancelled = self._book.cancel(number)
        if cancelled is None:
            numbers = [each.number for each in self._book.pending()]
            raise BadInput(f"there is no timer {number}; there are {numbers}" if numbers else "there are no timers")
        return f"cancelled: {cancelled.about}"

    def _told(self, reminder: Reminder) -> dict[str, Any]:
        left = span(reminder.due - self._book.now())
        return {"number": reminder.number, "about": reminder.about, "due_in": left}


def timer_words(after_s: float, reminder: str) -> tuple[str, str]:
    """How a timer is named in a list, and what is said when it is due."""
    about = " ".join(reminder.split())[:200].rstrip(".")
    if about:
        return about, f"Here is your reminder: {about}."
    name = f"timer for {span(after_s)}"
    return name, f"Your {name} is up."


class _SceneTools:
    def __init__(self, toolbox: Toolbox) -> None:
        assert toolbox.look_closer is not None
        self._look = toolbox.look_closer

    async def look_closer(
        self,
        where: Annotated[str, "left, right, top, bottom, middle, or a thing such as book; empty for everything"] = "",
    ) -> dict[str, Any]:
        """Take a new picture with the camera, enlarge a part of it, and tell what is there and what is written."""
        return seen(await self._look(spot_of(where)))


def spot_of(where: str) -> Spot:
    """A place in words: a side, or a thing that our eyes know. Raises BadInput for others."""
    words = plain(where)
    for name, side in _SIDES.items():
        if name in words.split():
            return Spot(side)
    things = [thing for thing in find_things(words) if thing.labels]
    if things:
        return Spot(labels=things[0].labels)
    if words in ("", "everything", "all", "whole picture", "here", "there"):
        return Spot()
    raise BadInput(f"no place is known as {where!r}; say left, right, top, bottom, middle, or leave it empty")


def seen(scene: SceneBlock) -> dict[str, Any]:
    """A scene as plain data for a model."""
    objects = [fact for fact in scene.facts if fact.kind == "object"]
    return {
        "things": [thing(_without_places(group)) for group in grouped(objects)],
        "writing": [quoted(fact.text) for fact in scene.facts if fact.kind == "text"],
    }


def _without_places(group: list[Fact]) -> list[Fact]:
    """Left and right in an enlarged part are not left and right in the room."""
    return [Fact(f.kind, f.label, f.count, "", f.distance, f.colour, f.text, f.since, f.at) for f in group]


class _Past:
    def __init__(self, log: EventLog, run: Runner, now: Callable[[], float], before: Callable[[], int | None]) -> None:
        self._log, self._run, self._now, self._before = log, run, now, before

    async def recall(
        self,
        about: Annotated[str, "words to look for; empty for the latest"] = "",
        source: Annotated[
            Literal["all", "user", "assistant", "signs", "things"], "who said it, or what was seen"
        ] = "all",
    ) -> list[dict[str, str]]:
        """Look up what was said, read or seen earlier in this conversation."""
        # A full log takes a tenth of a second to search: not on the event loop.
        return await self._run(remembered, self._log, about, source, self._now(), self._before())
