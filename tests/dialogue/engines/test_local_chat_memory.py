"""The embedded engine remembers across calls, and forgets on request: in the file and in its own context."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.engine import TextDelta
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm
from dialogue.memory.event_log import EventLog
from dialogue.memory.kept_memory import KeptMemory
from dialogue.tools.toolbox import Toolbox
from tests.dialogue.talking import CountingRunner, ask, clock, run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.sqlite"


def calling(llm: LocalLlm, path: Path, days_ago: int = 0) -> LocalChatEngine:
    """A call that begins at five past three in the afternoon."""
    engine = LocalChatEngine(llm, CountingRunner(), clock)
    engine.remember(EventLog(path, began=clock() - timedelta(days=days_ago)))
    return engine


async def tell(engine: LocalChatEngine, text: str, at: float = 10.0) -> None:
    await engine.feed(TextBlock(text, at, at + 1))
    await engine.feed(ReplyBlock("Okay.", at + 1, at + 2))


def test_an_earlier_call_is_recalled_with_its_date_and_forgotten(llm: LocalLlm, path: Path) -> None:
    async def talk() -> list[str]:
        yesterday = calling(llm, path, days_ago=1)
        await tell(yesterday, "My sister Ruth is a nurse in Leeds.", 600)
        await yesterday.close()
        today = calling(llm, path)
        questions = ("What did I tell you about my sister?", "Forget that.", "What did I tell you about my sister?")
        said = [await ask(today, text, 20.0 * number) for number, text in enumerate(questions, 1)]
        await today.close()
        return said

    recalled, forgotten, after = run(talk())
    assert recalled == "Yesterday at 15:15 you told me: My sister Ruth is a nurse in Leeds."
    assert forgotten == "Done, that is forgotten."
    assert after == "I don't remember you telling me that."
    assert KeptMemory(path).lines("ruth") == []


def test_what_is_forgotten_leaves_the_models_context_too(llm: LocalLlm, path: Path) -> None:
    async def talk() -> tuple[str, str]:
        engine = calling(llm, path)
        await tell(engine, "My password is Xylophonist.")
        before = llm.chat.text(engine._script.wanted())
        await ask(engine, "Forget everything about my password.", 30)
        after = llm.chat.text(engine._script.wanted())
        await engine.close()
        return before, after

    before, after = run(talk())
    assert "Xylophonist" in before
    assert "assword" not in after


def test_nothing_is_forgotten_before_the_turn_is_decided(llm: LocalLlm, path: Path) -> None:
    async def talk() -> tuple[int, int]:
        engine, decided = calling(llm, path), asyncio.Event()
        engine.equip(Toolbox(committed=decided.wait))  # type: ignore[arg-type]  # returns True
        await tell(engine, "My boat is green.")
        mark = await engine.mark()
        await engine.feed(TextBlock("Forget that.", 20, 21))
        replying = asyncio.create_task(anext(engine.reply()))
        await asyncio.sleep(0.2)
        replying.cancel()  # the user goes on: "Forget that colour, it is blue."
        await asyncio.wait([replying])
        await engine.rewind(mark)
        kept = KeptMemory(path).count("boat")
        await engine.feed(TextBlock("Forget that.", 22, 23))
        decided.set()
        assert [delta async for delta in engine.reply()] == [TextDelta("Done, that is forgotten.")]
        await engine.close()
        return kept, KeptMemory(path).count("boat")

    assert run(talk()) == (1, 0)
