"""Function calls in a call: spoken results, consent, a slow function, a device switched off. The model follows a rule;
ASR and TTS are toys, the rest is real."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

from dialogue.engines.local_chat import LocalChatEngine
from dialogue.tools.tool import Tool
from stream.models.setup import SETUPS
from stream.replies.tool_runs import BRIDGE
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import ConsentAsked, DeviceStopped, Interrupted, Notice, ReplyEnded, TextTyped
from stream.session.session import Session
from tests.dialogue.ruled_chat import NOON, Rule, ruled_llm
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time

Story = Callable[[SessionCall], Awaitable[None]]


def called(rule: Rule, story: Story, *tools: Tool) -> SessionCall:
    async def whole(thread: DeviceThread) -> SessionCall:
        llm, _ = ruled_llm("qwen2", rule, 16_384)
        parts = replace(
            toy_parts(lambda: ToyEngine([])),
            new_engine=lambda: LocalChatEngine(llm, thread.run, lambda: NOON),
            tools=tools,
        )
        call = SessionCall(Session("s", parts, SETUPS["laptop"]))
        async with call.running():
            await story(call)
        parts.close()
        return call

    with DeviceThread("llm") as thread:
        return run_in_virtual_time(whole(thread), until=600)


def types(*texts: str) -> Story:
    async def story(call: SessionCall) -> None:
        for number, text in enumerate(texts):
            call.session.push(TextTyped(text))
            for _ in range(200):
                await call.lasts(0.5)
                if len(call.of(ReplyEnded)) > number:
                    break

    return story


def written(name: str, **arguments: object) -> str:
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


def answered(context: str) -> bool:
    return "<tool_response>" in context.rpartition("<|im_start|>user\n")[2]


def stock(part: str) -> int:
    """Count the pieces of a part."""
    return 340


def test_a_function_is_called_and_its_result_is_spoken() -> None:
    rule: Rule = lambda context: "There are 340." if answered(context) else written("stock", part="A-17")  # noqa: E731
    call = called(rule, types("How many A-17 do we have?"), Tool.of(stock))
    assert [event.said for event in call.of(ReplyEnded)] == ["There are 340."]
    assert call.heard_s() > 0 and not call.of(Notice)


def test_what_changes_something_is_asked_about_on_the_page_too() -> None:
    done: list[str] = []

    def unlock(door: str) -> str:
        """Unlock a door."""
        done.append(door)
        return "unlocked"

    rule: Rule = lambda context: "It is open." if '"unlocked"' in context else written("unlock", door="front")  # noqa: E731
    call = called(rule, types("Unlock the front door.", "Yes."), Tool.of(unlock, asks=True))
    [asked] = call.of(ConsentAsked)
    assert asked.question == "Shall I unlock a door, with door “front”?"
    assert [event.said for event in call.of(ReplyEnded)] == [asked.question, "It is open."]
    assert done == ["front"]


def test_a_slow_function_is_bridged_and_can_be_interrupted() -> None:
    ended: list[str] = []

    async def search(words: str) -> str:
        """Search for a long time."""
        try:
            await asyncio.sleep(50)
            return "found"
        finally:
            ended.append("over")

    async def story(call: SessionCall) -> None:
        call.session.push(TextTyped("Search for a needle."))
        await call.lasts(6.0)
        assert not ended
        call.session.push(Interrupted())
        await call.lasts(2.0)
        assert ended == ["over"]

    rule: Rule = lambda context: "Done." if answered(context) else written("search", words="needle")  # noqa: E731
    call = called(rule, story, Tool.of(search))
    [reply] = call.of(ReplyEnded)
    assert reply.cut and reply.said == BRIDGE


def test_the_camera_is_switched_off_and_the_page_is_informed() -> None:
    rule: Rule = lambda context: "It is off." if answered(context) else written("switch_off", device="camera")  # noqa: E731
    call = called(rule, types("Please stop filming me with that thing."), Tool.of(stock))
    assert [event.device for event in call.of(DeviceStopped)] == ["camera"]
    assert [event.said for event in call.of(ReplyEnded)] == ["It is off."]
