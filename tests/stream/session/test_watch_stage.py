"""Rules and descriptions in whole calls in virtual time: when they are said, and how they are set and ended.

Also tests `stream/replies/watch_news.py` and `stream/runtime/watching.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np

from dialogue.engine import Capabilities
from stream.models.setup import SETUPS
from stream.runtime.events import (
    DeviceSwitched,
    FrameReceived,
    Interrupted,
    Notice,
    ReplyEnded,
    State,
    StateChanged,
    TextTyped,
)
from stream.runtime.watching import NarrationSwitched, WatchDeleted, WatchingChanged
from stream.session.session import Session
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time
from vision.detect import Detection
from vision.picture import Picture, Pixels
from vision.seeing.look import SceneUpdate

PERSON = Detection("person", 0.9, (0.1, 0.2, 0.3, 0.9))
CUP = Detection("cup", 0.9, (0.7, 0.6, 0.8, 0.7))


def drawn(things: tuple[Detection, ...]) -> Pixels:
    """A wall, and a bright patch for each thing."""
    rgb = np.full((48, 64, 3), 60, np.uint8)
    for x0, y0, x1, y1 in (thing.box for thing in things):
        rgb[round(48 * y0) : round(48 * y1), round(64 * x0) : round(64 * x1)] = 230
    return rgb


@dataclass
class ToyVision:
    """Sees what the test puts in view."""

    shows: tuple[Detection, ...] = ()

    def glance(self, look: SceneUpdate, picture: Picture) -> None:
        look.scene.lit("bright", [], picture.at)
        look.tracker.update(self.shows, picture.at)
        look.scene.see(look.tracks(), {}, picture.at)

    def read(self, look: SceneUpdate, picture: Picture) -> None:
        look.read([], [], picture.at)


@dataclass
class WatchCall(SessionCall):
    """A call whose camera shows `vision.shows`, a new picture every 0.2 s."""

    vision: ToyVision = field(default_factory=ToyVision)
    ended: list[tuple[float, ReplyEnded]] = field(default_factory=list)
    began: list[float] = field(default_factory=list)  # to speak

    async def listens(self) -> None:
        async for event in self.session.events():
            self.events.append(event)
            if isinstance(event, StateChanged) and event.state is State.SPEAKING:
                self.began.append(event.at)
            if isinstance(event, ReplyEnded):
                self.ended.append((self.session.now(), event))

    async def watches(self, seconds: float, *things: Detection) -> None:
        self.vision.shows = things
        for _ in range(round(seconds / 0.2)):
            self.session.push(FrameReceived(Picture(drawn(things), self.session.now())))
            await self.lasts(0.2)

    async def asks(self, text: str, *things: Detection) -> None:
        """Types `text` and hears the answer out."""
        count = len(self.ended)
        self.session.push(TextTyped(text))
        while len(self.ended) == count:
            await self.watches(0.2, *things)

    def said(self) -> list[str]:
        return [event.said.strip() for _, event in self.ended]

    def rules(self) -> list[str]:
        return [rule.text for rule in self.of(WatchingChanged)[-1].rules]


def call(story: Callable[[WatchCall], Awaitable[None]], sees: bool = False) -> WatchCall:
    async def whole() -> WatchCall:
        engine, vision = ToyEngine(["All right."]), ToyVision()
        if sees:
            engine.can = Capabilities(hears=False, sees=True, speaks=False)
        parts = toy_parts(lambda: engine, vision_models=None if sees else vision)
        made = WatchCall(Session("test", parts, SETUPS["laptop"]), vision=vision)
        async with made.running():
            await story(made)
        parts.close()
        return made

    return run_in_virtual_time(whole(), until=600)


def test_a_rule_is_said_soon_after_it_is_seen_and_once() -> None:
    begins: list[float] = []

    async def story(call: WatchCall) -> None:
        await call.watches(1.0)
        await call.asks("Tell me when someone comes in.")
        await call.watches(2.0)
        begins.append(call.session.now())
        await call.watches(5.0, PERSON)
        await call.watches(5.0)
        await call.watches(3.0, PERSON)

    result = call(story)
    assert result.said() == ["All right, I'll tell you when a person comes in.", "A person came in on the left."]
    assert 0 < result.began[1] - begins[0] < 1.0, "the delay from the change to the first word"
    assert result.rules() == [], "a rule for once is over"


def test_every_time() -> None:
    async def story(call: WatchCall) -> None:
        await call.watches(1.0)
        await call.asks("Tell me every time someone comes in.")
        for _ in range(2):
            await call.watches(4.0)
            await call.watches(5.0, PERSON)

    result = call(story)
    assert result.said()[1:] == ["A person came in on the left."] * 2
    assert result.rules() == ["every time a person comes in"]


def test_it_never_speaks_over_the_user() -> None:
    async def story(call: WatchCall) -> None:
        await call.watches(1.0)
        await call.asks("Tell me when someone comes in.")
        await call.watches(2.0)
        call.vision.shows = (PERSON,)
        for _ in range(3):
            call.session.push(FrameReceived(Picture(drawn((PERSON,)), call.session.now())))
            await call.speaks(1.0)
        await call.watches(12.0, PERSON)

    result = call(story)
    assert result.said()[-1].endswith("person came in on the left.")
    assert result.said()[1] == "All right.", "the user's turn is answered first"
    assert all(not event.cut for _, event in result.ended)


def test_a_rule_whose_answer_was_not_heard_is_not_kept() -> None:
    async def story(call: WatchCall) -> None:
        await call.watches(1.0)
        call.session.push(TextTyped("Tell me when someone comes in."))
        call.session.push(Interrupted())
        await call.watches(4.0)
        await call.watches(6.0, PERSON)

    assert all("came in" not in said for said in call(story).said())


def test_what_comes_while_the_rule_is_confirmed_counts() -> None:
    async def story(call: WatchCall) -> None:
        await call.watches(1.0)
        call.session.push(TextTyped("Tell me when someone comes in."))
        await call.watches(0.5)
        await call.watches(10.0, PERSON)

    assert call(story).said()[1:] == ["A person came in on the left."]


def test_a_rule_is_deleted_by_voice_and_by_the_page() -> None:
    async def story(call: WatchCall) -> None:
        await call.watches(1.0)
        await call.asks("Tell me when someone comes in.")
        await call.asks("Warn me when you see a cup.")
        await call.asks("Stop watching for cups.")
        assert call.rules() == ["when a person comes in"]
        call.session.push(WatchDeleted(1))
        call.session.push(WatchDeleted(7))
        await call.watches(2.0)
        assert call.rules() == []
        await call.watches(8.0, PERSON, CUP)

    assert len(call(story).said()) == 3


def test_descriptions_by_the_switch_of_the_page() -> None:
    async def story(call: WatchCall) -> None:
        await call.watches(1.0, CUP)
        call.session.push(NarrationSwitched(True))
        await call.watches(8.0, CUP)
        await call.watches(8.0, CUP, PERSON)
        call.session.push(NarrationSwitched(False))
        await call.watches(1.0, CUP, PERSON)
        await call.watches(9.0)

    result = call(story)
    assert result.said() == ["A cup on the right.", "A person on the left."]
    assert [changed.narrating for changed in result.of(WatchingChanged)] == [True, False]


def test_descriptions_by_voice_end_with_stop() -> None:
    async def story(call: WatchCall) -> None:
        await call.watches(1.0)
        await call.asks("Tell me what happens.")
        await call.watches(8.0)
        await call.watches(8.0, PERSON)
        await call.asks("Stop.", PERSON)
        await call.watches(9.0, PERSON, CUP)

    said = call(story).said()
    assert said[0].startswith("All right, I describe") and said[2:] == [
        "A person on the left.",
        "All right, I stop describing.",
    ]


def test_a_rule_comes_before_a_description() -> None:
    async def story(call: WatchCall) -> None:
        await call.watches(1.0)
        call.session.push(NarrationSwitched(True))
        await call.watches(8.0)
        await call.asks("Tell me when you see a cup.")
        await call.watches(1.0)
        await call.watches(12.0, CUP)

    said = call(story).said()
    assert said[2].startswith("A cup appeared")


def test_a_model_that_sees_by_itself_says_that_it_cannot_watch() -> None:
    async def story(call: WatchCall) -> None:
        await call.asks("Tell me when someone comes in.")
        call.session.push(NarrationSwitched(True))
        await call.watches(1.0)

    result = call(story, sees=True)
    assert result.said()[0].startswith("With this model I look only when you ask")
    assert [notice.code for notice in result.of(Notice)] == ["no_narration"]
    assert result.of(WatchingChanged) == []


def test_nothing_is_said_of_a_camera_that_is_switched_off() -> None:
    async def story(call: WatchCall) -> None:
        await call.watches(1.0, CUP)
        await call.asks("Warn me if the cup is gone.", CUP)
        call.session.push(DeviceSwitched(camera=False))
        await call.lasts(10.0)
        call.session.push(DeviceSwitched(camera=True))
        await call.watches(6.0, CUP)

    result = call(story)
    assert len(result.said()) == 1
