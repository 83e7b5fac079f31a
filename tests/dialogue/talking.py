"""Helpers of the tests that talk to the small engine: a counting runner, a question asked and answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from dialogue.blocks import Fact, ReplyBlock, SceneBlock, TextBlock
from dialogue.engine import TextDelta
from dialogue.engines.local_chat import LocalChatEngine


class CountingRunner:
    """A runner that runs steps at once and counts them."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, tuple[Any, ...]]] = []

    async def __call__(self, step: Callable[..., Any], *args: Any) -> Any:
        self.steps.append((step.__name__, args))
        await asyncio.sleep(0)
        return step(*args)

    def names(self) -> list[str]:
        return [name for name, _ in self.steps]


def clock() -> datetime:
    return datetime(2026, 11, 21, 15, 5)


def run(main: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(main)


async def ask(engine: LocalChatEngine, text: str, at: float = 10.0) -> str:
    """Say it, hear the whole reply, and confirm that it was heard."""
    await engine.feed(TextBlock(text, at - 1, at))
    said = "".join([delta.text async for delta in engine.reply() if isinstance(delta, TextDelta)])
    await engine.feed(ReplyBlock(said, at, at + 1))
    return said


def sign(words: str) -> SceneBlock:
    """A cup and a sign."""
    return SceneBlock((Fact("text", "", text=words, since=9, at=10), Fact("object", "cup", at=10)), "", 10)
