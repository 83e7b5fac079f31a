"""The scripted engine keeps to its lines and its pace."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

from dialogue.blocks import PartialBlock, ReplyBlock, TextBlock
from dialogue.engines.entry import EngineResources
from dialogue.engines.registry import open_engine
from dialogue.engines.scripted import DEMO_LINES, ScriptedEngine
from dialogue.engines.settings import ScriptedSettings
from tests.dialogue.replies import said
from tests.virtual_time import run_in_virtual_time


async def line(engine: ScriptedEngine) -> str:
    return await said(engine)


def test_lines_follow_one_another_and_begin_again() -> None:
    async def talk() -> list[str]:
        engine = ScriptedEngine(["One line.", "Another line."])
        return [await line(engine) for _ in range(3)]

    assert run_in_virtual_time(talk()) == ["One line.", "Another line.", "One line."]


def test_words_come_at_the_given_pace() -> None:
    async def talk() -> float:
        began = asyncio.get_running_loop().time()
        await line(ScriptedEngine(["four words at once"], pace_s=0.25))
        return asyncio.get_running_loop().time() - began

    assert run_in_virtual_time(talk()) == 1.0


def test_a_rewound_reply_gives_its_line_back() -> None:
    async def talk() -> list[str]:
        engine = ScriptedEngine(["One.", "Two."])
        mark = await engine.mark()
        await engine.feed(TextBlock("Hello", 0, 1))
        async with aclosing(engine.reply()) as deltas:
            await anext(deltas)
        await engine.rewind(mark)
        return [await line(engine), await line(engine)]

    assert run_in_virtual_time(talk()) == ["One.", "Two."]


def test_it_remembers_what_it_was_fed() -> None:
    async def talk() -> ScriptedEngine:
        engine = ScriptedEngine()
        await engine.feed(PartialBlock("Hel", 0))
        await engine.feed(PartialBlock("Hello", 0))
        await engine.feed(TextBlock("Hello you", 0, 1))
        await engine.feed(ReplyBlock("Hi there", 1, 2))
        await engine.close()
        return engine

    engine = run_in_virtual_time(talk())
    assert engine.fed == [TextBlock("Hello you", 0, 1), ReplyBlock("Hi there", 1, 2)]
    assert engine.context().tokens == {"text": 2, "reply": 2}
    assert engine.closed


def test_the_registry_opens_it(runner: Any) -> None:
    new_engine = open_engine(ScriptedSettings(context_tokens=99), EngineResources(runner))
    first, second = new_engine(), new_engine()
    assert isinstance(first, ScriptedEngine)
    assert first is not second
    assert first.context().limit == 99
    assert run_in_virtual_time(line(first)) == DEMO_LINES[0]
