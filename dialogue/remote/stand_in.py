"""Answers in place of a chat server that is down: an engine on this machine, with what was said last.

It is made for one reply and closed after it, so that nothing is computed for it while the server works.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from dialogue.blocks import Block, ReplyBlock, SceneBlock, SystemBlock, TextBlock
from dialogue.engine import Delta, Engine

MOST_TURNS = 6  # of both sides: more would only delay the answer


async def stand_in_reply(engine: Callable[[], Engine], blocks: Sequence[Block]) -> AsyncGenerator[Delta, None]:
    """The reply of a new session of `engine` to the last of these blocks. It cannot see, so pictures are left out."""
    session = engine()
    try:
        for block in _last(blocks):
            await session.feed(block)
        async with aclosing(session.reply()) as deltas:
            async for delta in deltas:
                yield delta
    finally:
        await session.close()


def _last(blocks: Sequence[Block]) -> list[Block]:
    """The newest instruction and scene, and the last turns, beginning with the user's."""
    said = [block for block in blocks if isinstance(block, TextBlock | ReplyBlock)][-MOST_TURNS:]
    while said and isinstance(said[0], ReplyBlock):
        said.pop(0)
    system = [block for block in blocks if isinstance(block, SystemBlock)][-1:]
    scene = [block for block in blocks if isinstance(block, SceneBlock)][-1:]
    return [*system, *said[:-1], *scene, *said[-1:]]
