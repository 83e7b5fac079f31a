"""The built-in tools: time, timers, sums with units, a closer look, reading, recall, switching devices off.

The model reads their names, arguments, docstrings and errors. They use the session's services (`Toolbox`) and the
engine's event log. Text read in the room is returned as data in quotation marks.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from dialogue.blocks import Fact, SceneBlock
from dialogue.engine import Runner
from dialogue.errors import BadInput
from dialogue.library.quotes import quotes_for
from dialogue.library.sources import spoken_source
from dialogue.memory.event_log import EventLog
from dialogue.memory.lookup import look_up
from dialogue.text import arithmetic
from dialogue.text.labels import find_things
from dialogue.text.plain_words import plain
from dialogue.text.scene_phrases import grouped, quoted, thing
from dialogue.tools import units
from dialogue.tools.timer_tools import TimerTools
from dialogue.tools.tool import Illustrated, Tool
from dialogue.tools.toolbox import LookCloser, SearchLibrary, Side, Spot, Toolbox
from dialogue.tools.watch_tools import WatchTools

_SIDES: Mapping[str, Side] = {
    "left": "left",
    "right": "right",
    "top": "top",
    "bottom": "bottom",
    "middle": "middle",
    "centre": "middle",
    "center": "middle",
}
NAMES = (
    *("get_time", "calculate", "recall", "set_timer", "remind_at", "list_timers", "cancel_timer"),
    *("look_closer", "read_aloud", "watch_for", "stop_watching", "switch_off"),
    "ask_larger_model",
    "search_library",
)
LONGEST_SUM = 200
_SIGNS = str.maketrans({"\u00d7": "*", "\u00f7": "/", "\u2212": "-", ",": None, "=": None})


def built_in_tools(
    toolbox: Toolbox, log: EventLog, run: Runner, now: Callable[[], float], before: Callable[[], int | None]
) -> list[Tool]:
    """`now` is the session time of the question, `before` its own line in the log, which `recall` leaves out."""
    # Tools of every session come first: that part of the instruction is the same for all and computed once.
    always = [Tool.of(_Clock(toolbox.clock).get_time), Tool.of(calculate), Tool.of(_Past(log, run, now, before).recall)]
    optional: list[Tool] = []
    if toolbox.reminders is not None:
        optional += TimerTools(toolbox.reminders, toolbox.clock).all()
    if toolbox.look_closer is not None:
        scene = _SceneTools(toolbox.look_closer)
        optional += [Tool.of(scene.look_closer), Tool.of(scene.read_aloud)]
    if toolbox.watches is not None:
        optional += WatchTools(toolbox.watches).all()
    if toolbox.switch_off is not None:
        optional.append(Tool.of(_Devices(toolbox).switch_off))
    if toolbox.delegation is not None:
        optional.append(Tool.of(_Larger(toolbox).ask_larger_model))
    if toolbox.search_library is not None:
        optional.append(Tool.of(_Documents(toolbox.search_library).search_library))
    return [*always, *optional, *user_tools(toolbox)]


def user_tools(toolbox: Toolbox) -> tuple[Tool, ...]:
    """The user's tools, as a session runs them."""
    return tuple(_user_tool(tool, toolbox) for tool in toolbox.user_tools)


def _user_tool(tool: Tool, toolbox: Toolbox) -> Tool:
    """A user's tool, run once its reply is committed, in the background if the session offers that."""

    async def run(**given: Any) -> Any:
        if toolbox.committed is not None:
            await toolbox.committed()
        call = partial(tool.run, **given)
        result = call() if toolbox.in_background is None else toolbox.in_background(call)
        result = await result if inspect.isawaitable(result) else result
        if not isinstance(result, Illustrated):
            return result
        if toolbox.show is not None:
            toolbox.show(result.pictures)
        return result.result

    return replace(tool, run=run)


def calculate(
    expression: Annotated[str, "such as (12.5 + 7) * 3, 15% of 80, 5 miles to km, 3 kg + 200 g, 20 C to F"],
) -> str:
    """Work out a sum exactly, or convert units."""
    if len(expression) > LONGEST_SUM:
        raise BadInput(f"this is longer than {LONGEST_SUM} characters; write a shorter sum")
    written = expression.translate(_SIGNS)
    value = arithmetic.result(written.lower())
    if value is None:
        value = units.result(written)
    if value is None:
        raise BadInput("this is not a sum of numbers or units with + - * / ^ and parentheses, or it goes beyond 10^15")
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


class _Larger:
    def __init__(self, toolbox: Toolbox) -> None:
        assert toolbox.delegation is not None
        self._delegation, self._committed = toolbox.delegation, toolbox.committed

    async def ask_larger_model(
        self, question: Annotated[str, "the whole question, with all that is needed to answer it"]
    ) -> str:
        """Pass on a question that is too hard for you to a larger model. Its answer is said later, by itself."""
        if not question.strip():
            raise BadInput("the question is empty; write all that is needed to answer it")
        if self._committed is not None:
            await self._committed()  # words that have left the machine cannot be taken back
        self._delegation.hand_over(question, ())
        return "It is being looked into, and the answer will be said when it is here. Say that you look into it."


class _Documents:
    def __init__(self, search: SearchLibrary) -> None:
        self._search = search

    async def search_library(self, question: Annotated[str, "what is looked for, in a whole question"]) -> Any:
        """Look something up in the user's documents. Answer from the passages alone, and name the document and the
        place."""
        quotes = quotes_for(question, await self._search(question))
        if not quotes:
            return "The documents say nothing about that."
        return [{"from": spoken_source(quote.passage), "passage": quote.quoted} for quote in quotes]


class _SceneTools:
    def __init__(self, look_closer: LookCloser) -> None:
        self._look = look_closer

    async def look_closer(
        self,
        where: Annotated[str, "left, right, top, bottom, middle, or a thing such as book; empty for everything"] = "",
    ) -> dict[str, Any]:
        """Take a new picture with the camera, enlarge a part of it, and tell what is there and what is written."""
        return seen(await self._look(spot_of(where)))

    async def read_aloud(
        self, where: Annotated[str, "left, right, top, bottom, middle, or a thing; empty for everything"] = ""
    ) -> dict[str, Any]:
        """Read what is written in front of the camera, to repeat it to the user word for word."""
        writing = seen(await self._look(spot_of(where)))["writing"]
        if not writing:
            raise BadInput("no writing can be read there; the user may hold it closer to the camera")
        return {"writing": writing}


class _Devices:
    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox

    async def switch_off(self, device: Literal["camera", "microphone"]) -> str:
        """Switch the user's camera or microphone off, when the user asks for it. Only the user can switch it on."""
        assert self._toolbox.switch_off is not None
        if self._toolbox.committed is not None:
            await self._toolbox.committed()
        await self._toolbox.switch_off(device)
        return f"the {device} is off"


def spot_of(where: str) -> Spot:
    """A place in words: a side, or a thing that the detector recognises. Raises BadInput for others."""
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
    return [Fact(f.kind, f.label, f.count, "", f.distance, f.colour, f.text, f.since, f.at, f.name) for f in group]


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
        # Searching a full log takes a tenth of a second, too long for the event loop.
        return await self._run(look_up, self._log, about, source, self._now(), self._before())
