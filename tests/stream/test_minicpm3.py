"""Calls with MiniCPM3 for a mind: the tiny model with its random words, and a model that follows a rule where functions
are to be called. Eyes are real; ears and voice are toys."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from dialogue.choose_token import Sampling
from dialogue.engine import Engine
from dialogue.engines.minicpm3 import GAVE_UP, MiniCPM3Engine, TextMind, open_minicpm3
from dialogue.errors import BadInput
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny import write_tiny
from dialogue.minicpm.tools import Tool
from dialogue.minicpm.vocabulary import Vocabulary
from stream.device_thread import DeviceThread
from stream.events import ContextShown, Hushed, Notice, ReplyEnded, ReplyText, Saw, Typed
from stream.model_choice import with_model, with_tools
from stream.session import Session
from stream.setup import SETUPS
from stream.weights import WeightStore
from tests.dialogue.minicpm.scripted_model import Rule, ScriptedModel, calling, last_words, results
from tests.stream.calls import Call
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time
from tests.vision.conftest import FONT
from vision.detect import Detector
from vision.look import Eyes
from vision.picture import Picture, Pixels
from vision.read_text import Reader

Story = Callable[["TextCall"], Awaitable[None]]
WALL = np.full((480, 640, 3), 120, np.uint8)


class TextCall(Call):
    """One whose engine can be looked into, with a camera that shows `rgb` twice a second while time passes."""

    def __init__(self, session: Session, rgb: Pixels) -> None:
        super().__init__(session)
        self.rgb = rgb
        self.remembered = ""

    async def films(self) -> None:
        while True:
            self.session.push(Saw(Picture(self.rgb, self.session.now())))
            await asyncio.sleep(0.5)

    async def asks(self, question: str) -> str:
        """Typed; waits for the end of the answer."""
        ended = len(self.of(ReplyEnded))
        self.session.push(Typed(question))
        while len(self.of(ReplyEnded)) == ended:
            await self.lasts(0.5)
        return self.of(ReplyEnded)[ended].said


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(Kind.TEXT3, tmp_path_factory.mktemp("text3"))


@pytest.fixture(scope="module")
def thread() -> Iterator[DeviceThread]:
    with DeviceThread("mind") as thread:
        yield thread


@pytest.fixture(scope="module")
def tiny_mind(folder: Path, thread: DeviceThread) -> Callable[[], Engine]:
    return open_minicpm3(folder, thread.run, precision="float32", sampling=Sampling(penalty=1.3))


@pytest.fixture(scope="module")
def ruled_mind(folder: Path, thread: DeviceThread) -> Callable[[Rule], Callable[[], Engine]]:
    """A rule -> factory of engines whose model follows it."""
    words = Vocabulary(folder / "tokenizer.json")

    def mind(rule: Rule) -> Callable[[], Engine]:
        shared = TextMind(cast(Any, ScriptedModel(words, rule)), words, 4096)
        return lambda: MiniCPM3Engine(shared, thread.run, Sampling())

    return mind


@pytest.fixture(scope="module")
def eyes(weights: WeightStore) -> Eyes:
    return Eyes(Detector(weights.path("nanodet-g"), threads=1), Reader())


def calls(
    mind: Callable[[], Engine], eyes: Eyes, *stories: Story, rgb: Pixels = WALL, tools: tuple[Tool, ...] = ()
) -> list[TextCall]:
    """All at once, in one process."""

    async def whole() -> list[TextCall]:
        parts = replace(toy_parts(lambda: ToyEngine([]), eyes=eyes), new_engine=mind, tools=tools)
        made = [TextCall(Session(f"s{n}", parts, SETUPS["minicpm"]), rgb) for n in range(len(stories))]

        async def one(call: TextCall, story: Story) -> None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(call.listens())
                running = tasks.create_task(call.session.run())
                filming = tasks.create_task(call.films())
                await story(call)
                engine = cast(MiniCPM3Engine, call.session._engine)
                call.remembered = engine._mind.words.decode(engine._script.wanted(), engine._mind.words.special)
                filming.cancel()
                call.session.close("over")
                await running

        await asyncio.gather(*(one(call, story) for call, story in zip(made, stories, strict=True)))
        parts.close()
        return made

    return run_in_virtual_time(whole(), until=900)


def asking(*questions: str) -> Story:
    async def story(call: TextCall) -> None:
        for question in questions:
            await call.asks(question)

    return story


def test_questions_typed_and_spoken_are_answered_and_said(tiny_mind: Callable[[], Engine], eyes: Eyes) -> None:
    async def story(call: TextCall) -> None:
        await call.asks("Who are you?")
        await call.speaks(1.0)
        await call.lasts(8.0)

    [told] = calls(tiny_mind, eyes, story)
    assert not told.of(Notice)
    assert [event.cut for event in told.of(ReplyEnded)] == [False, False]
    assert "".join(event.text for event in told.of(ReplyText)) == "".join(event.said for event in told.of(ReplyEnded))
    assert told.heard_s() > 0
    kinds = told.of(ContextShown)[-1].use.tokens
    assert kinds["system"] > 1000 and kinds["scene"] > 50 and kinds["text"] > 20


def test_two_calls_at_once_do_not_mix(tiny_mind: Callable[[], Engine], eyes: Eyes) -> None:
    """Each is answered as it would have been alone."""
    together = calls(tiny_mind, eyes, asking("What is this?"), asking("Is it red or green?"))
    alone = calls(tiny_mind, eyes, asking("What is this?"))
    assert "Is it red" not in together[0].remembered and "What is this" not in together[1].remembered
    assert together[0].of(ReplyEnded)[0].said == alone[0].of(ReplyEnded)[0].said != GAVE_UP


def test_a_timer_set_by_a_call_rings(ruled_mind: Callable[[Rule], Callable[[], Engine]], eyes: Eyes) -> None:
    def rule(context: str) -> str:
        found = results(context)
        return (
            f"I will, in {found[0]['due_in']}." if found else calling("set_timer(seconds=30, reminder='stir the soup')")
        )

    async def story(call: TextCall) -> None:
        await call.asks("Remind me of the soup in half a minute.")
        await call.lasts(40.0)

    [told] = calls(ruled_mind(rule), eyes, story)
    assert [event.said for event in told.of(ReplyEnded)] == [
        "I will, in thirty seconds.",
        "Here is your reminder: stir the soup.",
    ]
    assert told.remembered.endswith(
        "I will, in thirty seconds.<|im_end|>\n<|im_start|>assistant\nHere is your reminder: stir the soup.<|im_end|>\n"
    )


def test_a_timer_set_in_a_reply_that_nobody_heard_does_not_ring(
    ruled_mind: Callable[[Rule], Callable[[], Engine]], eyes: Eyes
) -> None:
    """Prepared in a pause of the speaker, taken back, and answered once: one timer."""

    def rule(context: str) -> str:
        return "Done." if results(context) else calling("set_timer(seconds=20)")

    async def story(call: TextCall) -> None:
        await call.speaks(1.0)
        await call.lasts(0.3)
        await call.speaks(1.0)
        await call.lasts(60.0)

    [told] = calls(ruled_mind(rule), eyes, story)
    assert [event.said for event in told.of(ReplyEnded)] == ["Done.", "Your timer for twenty seconds is up."]
    assert told.remembered.count("<|im_start|>tool") == 1


def test_an_interruption_takes_the_calls_out_of_the_memory(
    ruled_mind: Callable[[Rule], Callable[[], Engine]], eyes: Eyes
) -> None:
    def rule(context: str) -> str:
        if "time" not in last_words(context):
            return "Of course."
        return "It is late, and you should go to bed now, really." if results(context) else calling("get_time()")

    async def story(call: TextCall) -> None:
        call.session.push(Typed("What time is it?"))
        while not call.out or call.heard_s() < 0.6:
            await call.lasts(0.02)
        call.session.push(Hushed())
        await call.asks("Never mind.")

    [told] = calls(ruled_mind(rule), eyes, story)
    first = told.of(ReplyEnded)[0]
    assert first.cut and 0 < len(first.heard) < len(first.said)
    assert "<|im_start|>tool" not in told.remembered
    assert f"<|im_start|>assistant\n{first.heard}<|im_end|>" in told.remembered


def small_print(text: str) -> Pixels:
    """Letters of eight pixels, to the right of the middle."""
    image = Image.new("RGB", (1280, 960), "#96968c")
    draw = ImageDraw.Draw(image)
    draw.rectangle((800, 440, 1200, 500), "white")
    draw.text((820, 462), text, "black", ImageFont.truetype(str(FONT), 8))
    return np.asarray(image)


def test_a_closer_look_reads_small_print(ruled_mind: Callable[[Rule], Callable[[], Engine]], eyes: Eyes) -> None:
    def rule(context: str) -> str:
        if not results(context):
            return calling("look_closer(where='right')")
        return "It says " + " and ".join(results(context)[0]["writing"])

    async def story(call: TextCall) -> None:
        await call.lasts(1.0)
        await call.asks("What does the label on the right say?")

    [told] = calls(ruled_mind(rule), eyes, story, rgb=small_print("two tablets with a meal"))
    assert told.of(ReplyEnded)[0].said == "It says “two tablets with a meal”"
    scene = last_words(told.remembered)
    assert "tablets" not in scene, "too small for a glance"


def test_looking_at_what_is_not_there_is_an_error_for_the_model(
    ruled_mind: Callable[[Rule], Callable[[], Engine]], eyes: Eyes
) -> None:
    def rule(context: str) -> str:
        found = results(context)
        return (
            calling("look_closer('cup')", "look_closer('Mars')") if not found else f"{[one['error'] for one in found]}"
        )

    [told] = calls(ruled_mind(rule), eyes, asking("Look at the cup."))
    said = told.of(ReplyEnded)[0].said
    assert "no cup is in view" in said and "no place is known as 'Mars'" in said


def test_functions_of_the_user_can_be_called(
    ruled_mind: Callable[[Rule], Callable[[], Engine]], eyes: Eyes, folder: Path
) -> None:
    opened: list[str] = []

    def open_door(which: str) -> str:
        """Open a door of the house."""
        opened.append(which)
        return "open"

    schema = {"name": "lamp", "description": "Switch it.", "parameters": {"properties": {"on": {"type": "boolean"}}}}
    setup = with_tools(with_model(folder), [open_door, Tool.described(schema, lambda on: f"on: {on}")])

    def rule(context: str) -> str:
        return " and ".join(results(context)) or calling("open_door('kitchen')", "lamp(on=True)")

    [told] = calls(ruled_mind(rule), eyes, asking("Let me in."), tools=setup.tools)
    assert told.of(ReplyEnded)[0].said == "open and on: True"
    assert opened == ["kitchen"]
    with pytest.raises(BadInput, match="only MiniCPM3"):
        with_tools(SETUPS["laptop"], [open_door])


def test_what_was_said_and_read_is_recalled(ruled_mind: Callable[[Rule], Callable[[], Engine]], eyes: Eyes) -> None:
    def rule(context: str) -> str:
        if "where" not in last_words(context).lower():
            return "I see."
        found = results(context)
        return (
            f"{found[0][0]['text']}, {found[0][0]['when']}."
            if found
            else calling("recall('bicycle key', source='user')")
        )

    async def story(call: TextCall) -> None:
        await call.asks("My bicycle key is in the blue drawer.")
        await call.lasts(120.0)
        await call.asks("Where is the key of my bicycle?")

    [told] = calls(ruled_mind(rule), eyes, story)
    assert told.of(ReplyEnded)[-1].said == "“My bicycle key is in the blue drawer.”, about two minutes ago."
