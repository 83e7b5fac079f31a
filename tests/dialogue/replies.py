"""What an engine answers, as its words."""

from __future__ import annotations

from dialogue.engine import Engine, TextDelta


async def said(engine: Engine, most: int = 1000) -> str:
    """Its reply, of which no more than so many pieces are waited for."""
    text = ""
    async for delta in engine.reply():
        assert isinstance(delta, TextDelta)
        text += delta.text
        most -= 1
        if not most:
            break
    return text
