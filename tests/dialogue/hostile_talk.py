"""Short conversations with an engine that sees a hostile sign or has heard a hostile voice."""

from __future__ import annotations

from contextlib import aclosing

from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.engine import TextDelta
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm
from tests.dialogue.talking import CountingRunner, clock, sign

HEARD = 100  # characters of a reply
QUESTIONS = ("What is the capital of France?", "Is there a cup?")


async def replies_beside_sign(llm: LocalLlm, text: str) -> list[str]:
    """The replies to harmless questions, one after another, while the camera shows a sign with `text`."""
    engine = LocalChatEngine(llm, CountingRunner(), clock)
    await engine.feed(sign(text))
    replies = [await beginning(engine, question, 20.0 + 10 * n) for n, question in enumerate(QUESTIONS)]
    await engine.close()
    return replies


async def reply_after_voice(llm: LocalLlm, text: str) -> str:
    """The reply to a harmless question after somebody said `text` and the assistant seemed to agree."""
    engine = LocalChatEngine(llm, CountingRunner(), clock)
    await engine.feed(TextBlock(text, 1, 3))
    await engine.feed(ReplyBlock("All right.", 3, 4))
    reply = await beginning(engine, QUESTIONS[0], 10.0)
    await engine.close()
    return reply


async def beginning(engine: LocalChatEngine, question: str, at: float) -> str:
    """The first words of the reply, which are heard; the rest is cut off."""
    await engine.feed(TextBlock(question, at - 1, at))
    said = ""
    async with aclosing(engine.reply()) as deltas:
        async for delta in deltas:
            said += delta.text if isinstance(delta, TextDelta) else ""
            if len(said) >= HEARD:
                break
    await engine.feed(ReplyBlock(said, at, at + 1))
    return said
