"""Reads the reply of an engine as text, and records the steps that it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from dialogue.engine import Engine, TextDelta


async def said(engine: Engine, most: int = 1000) -> str:
    """The reply, cut off after `most` pieces."""
    text = ""
    async for delta in engine.reply():
        assert isinstance(delta, TextDelta)
        text += delta.text
        most -= 1
        if not most:
            break
    return text


class NotedSteps:
    """A runner that records the names of its steps."""

    def __init__(self) -> None:
        self.names: list[str] = []

    async def __call__(self, step: Callable[..., Any], *args: Any) -> Any:
        self.names.append(step.__name__)
        await asyncio.sleep(0)
        return step(*args)
