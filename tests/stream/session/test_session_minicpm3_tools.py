"""Tools of MiniCPM3 in calls: timers, closer looks, recall, functions of the user.

The model follows a rule; vision, OCR, event log and reminder book are real.

Also tests `stream/models/tool_choice.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageDraw, ImageFont

from dialogue.errors import BadInput
from dialogue.tools.tool import Tool
from stream.models.model_choice import with_model
from stream.models.setup import SETUPS
from stream.models.tool_choice import with_tools
from stream.runtime.events import DeviceSwitched, ReplyEnded
from tests.dialogue.minicpm.scripted_model import calling, last_words, results
from tests.stream.text_calls import RuledModel, TextCall, asking, calls
from tests.vision.conftest import FONT
from vision.picture import Pixels
from vision.seeing.look import VisionModels


def test_a_timer_set_by_a_call_rings(ruled_llm: RuledModel, open_vision: VisionModels) -> None:
    def rule(context: str) -> str:
        found = results(context)
        return (
            f"I will, in {found[0]['due_in']}." if found else calling("set_timer(seconds=30, reminder='stir the soup')")
        )

    async def story(call: TextCall) -> None:
        await call.asks("Remind me of the soup in half a minute.")
        await call.lasts(40.0)

    [ended_call] = calls(ruled_llm(rule), open_vision, story)
    assert [event.said for event in ended_call.of(ReplyEnded)] == [
        "I will, in thirty seconds.",
        "Here is your reminder: stir the soup.",
    ]
    # What the camera shows may come into the context between the two.
    assert "<|im_start|>assistant\n" in ended_call.remembered.partition("I will, in thirty seconds.<|im_end|>\n")[2]
    assert ended_call.remembered.endswith("<|im_start|>assistant\nHere is your reminder: stir the soup.<|im_end|>\n")


def test_a_timer_set_in_an_unheard_reply_does_not_ring(ruled_llm: RuledModel, open_vision: VisionModels) -> None:
    """A reply is prepared in a pause, taken back, and given once: one timer is set."""

    def rule(context: str) -> str:
        return "Done." if results(context) else calling("set_timer(seconds=20)")

    async def story(call: TextCall) -> None:
        await call.speaks(1.0)
        await call.lasts(0.3)
        await call.speaks(1.0)
        await call.lasts(60.0)

    [ended_call] = calls(ruled_llm(rule), open_vision, story)
    assert [event.said for event in ended_call.of(ReplyEnded)] == ["Done.", "Your timer for twenty seconds is up."]
    assert ended_call.remembered.count("<|im_start|>tool") == 1


def small_print(text: str) -> Pixels:
    """Letters of eight pixels, to the right of the middle."""
    image = Image.new("RGB", (1280, 960), "#96968c")
    draw = ImageDraw.Draw(image)
    draw.rectangle((800, 440, 1200, 500), "white")
    draw.text((820, 462), text, "black", ImageFont.truetype(str(FONT), 8))
    return np.asarray(image)


def test_a_closer_look_reads_small_print(ruled_llm: RuledModel, open_vision: VisionModels) -> None:
    def rule(context: str) -> str:
        if not results(context):
            return calling("look_closer(where='right')")
        return "It says " + " and ".join(results(context)[0]["writing"])

    async def story(call: TextCall) -> None:
        await call.lasts(1.0)
        await call.asks("What does the label on the right say?")

    [ended_call] = calls(ruled_llm(rule), open_vision, story, rgb=small_print("two tablets with a meal"))
    assert ended_call.of(ReplyEnded)[0].said == "It says “two tablets with a meal”"
    scene = last_words(ended_call.remembered)
    assert "tablets" not in scene, "too small for a glance"


def test_a_thing_is_found_by_its_name_and_looked_at(ruled_llm: RuledModel, open_vision: VisionModels) -> None:
    def rule(context: str) -> str:
        return f"{results(context)[0]}" if results(context) else calling("look_closer(where='the cat')")

    async def story(call: TextCall) -> None:
        await call.lasts(3.0)
        await call.asks("What is that cat doing?")

    cat = np.asarray(skimage.data.chelsea())
    [ended_call] = calls(ruled_llm(rule), open_vision, story, rgb=cat)
    assert "cat" in ended_call.of(ReplyEnded)[0].said and "error" not in ended_call.of(ReplyEnded)[0].said


def test_there_is_no_closer_look_without_a_camera(ruled_llm: RuledModel, open_vision: VisionModels) -> None:
    def rule(context: str) -> str:
        return str(results(context)[0]["error"]) if results(context) else calling("look_closer()")

    async def story(call: TextCall) -> None:
        call.session.push(DeviceSwitched(camera=False))
        await call.asks("Look!")

    [ended_call] = calls(ruled_llm(rule), open_vision, story)
    assert ended_call.of(ReplyEnded)[0].said.startswith("the camera is off")


def test_looking_at_what_is_not_there_is_an_error_for_the_model(
    ruled_llm: RuledModel, open_vision: VisionModels
) -> None:
    def rule(context: str) -> str:
        found = results(context)
        return (
            calling("look_closer('cup')", "look_closer('Mars')") if not found else f"{[one['error'] for one in found]}"
        )

    [ended_call] = calls(ruled_llm(rule), open_vision, asking("Look at the cup."))
    said = ended_call.of(ReplyEnded)[0].said
    assert "no cup is in view" in said and "no place is known as 'Mars'" in said


def test_functions_of_the_user_can_be_called(
    ruled_llm: RuledModel, open_vision: VisionModels, text_folder: Path
) -> None:
    opened: list[str] = []

    def open_door(which: str) -> str:
        """Open a door of the house."""
        opened.append(which)
        return "open"

    schema = {"name": "lamp", "description": "Switch it.", "parameters": {"properties": {"on": {"type": "boolean"}}}}
    setup = with_tools(with_model(text_folder), [open_door, Tool.described(schema, lambda on: f"on: {on}")])

    def rule(context: str) -> str:
        return " and ".join(results(context)) or calling("open_door('kitchen')", "lamp(on=True)")

    [ended_call] = calls(ruled_llm(rule), open_vision, asking("Let me in."), tools=setup.tools)
    assert ended_call.of(ReplyEnded)[0].said == "open and on: True"
    assert opened == ["kitchen"]
    with pytest.raises(BadInput, match="calls no functions"):
        with_tools(SETUPS["scripted"], [open_door])


def test_a_function_of_the_user_waits_until_the_turn_is_decided(
    ruled_llm: RuledModel, open_vision: VisionModels
) -> None:
    """A function may have side effects, so a reply prepared in a pause does not call it."""
    rung: list[str] = []

    def ring() -> str:
        """Ring the bell."""
        rung.append("ring")
        return "done"

    async def story(call: TextCall) -> None:
        await call.speaks(1.0)
        await call.lasts(0.3)
        prepared = len(rung)
        await call.speaks(1.0)
        await call.lasts(10.0)
        assert prepared == 0

    llm = ruled_llm(lambda context: "Done." if results(context) else calling("ring()"))
    [ended_call] = calls(llm, open_vision, story, tools=(Tool.of(ring),))
    assert rung == ["ring"]
    assert [event.said for event in ended_call.of(ReplyEnded)] == ["Done."]


def test_what_was_said_and_read_is_recalled(ruled_llm: RuledModel, open_vision: VisionModels) -> None:
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

    [ended_call] = calls(ruled_llm(rule), open_vision, story)
    assert ended_call.of(ReplyEnded)[-1].said == "“My bicycle key is in the blue drawer.”, about two minutes ago."
