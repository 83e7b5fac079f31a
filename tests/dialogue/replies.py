"""Reads the reply of an engine as text."""

from __future__ import annotations

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
