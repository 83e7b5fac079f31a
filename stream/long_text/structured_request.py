"""Asks an engine one question outside of any conversation, and has the answer in a form.

An engine that can be held to a schema is; any other reads the form in the question. The prompt may hold texts from
anywhere, so an engine's rules do not answer: they read a user's words.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing

from dialogue.blocks import TextBlock
from dialogue.engine import Engine, TextDelta
from dialogue.grammars.response_format import ResponseFormat, TakesResponseFormat

LONGEST_ANSWER = 8_000  # characters; an engine that is not held to a form may write on


async def structured_answer(new_engine: Callable[[], Engine], prompt: str, response_format: ResponseFormat) -> str:
    """What the engine wrote: JSON that fits the form where it was held to it and had room, any text where not.

    Raises what the engine raises. Cancelling stops the model.
    """
    engine, written = new_engine(), ""
    try:
        if isinstance(engine, TakesResponseFormat):
            engine.answer_in(response_format)
        await engine.feed(TextBlock(prompt, 0.0, 0.0, typed=True))
        async with aclosing(engine.reply()) as deltas:
            async for delta in deltas:
                written += delta.text if isinstance(delta, TextDelta) else ""
                if len(written) > LONGEST_ANSWER:
                    break
        return written
    finally:
        await engine.close()
