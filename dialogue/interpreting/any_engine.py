"""Translates with any engine that answers text, in a conversation of its own for each direction."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from dialogue.blocks import SystemBlock, TextBlock
from dialogue.engine import Engine, Mark, TextDelta
from dialogue.interpreting.instructions import instruction, request


class EngineTranslation:
    """One session. `new_engine` makes a conversation; each sentence is taken back after its translation."""

    def __init__(self, new_engine: Callable[[], Engine]) -> None:
        self._new_engine = new_engine
        self._engines: dict[tuple[str, str], tuple[Engine, Mark]] = {}

    async def prepare(self, source: str, target: str) -> None:
        """Begins the conversation of a direction."""
        if (source, target) not in self._engines:
            engine = self._new_engine()
            await engine.feed(SystemBlock(instruction(source, target)))
            self._engines[source, target] = engine, await engine.mark()

    async def translate(self, text: str, source: str, target: str) -> AsyncGenerator[str, None]:
        """The translation piece by piece. Raises what the engine raises."""
        await self.prepare(source, target)
        engine, beginning = self._engines[source, target]
        await engine.rewind(beginning)
        await engine.feed(TextBlock(request(text, target), 0.0, 0.0, typed=True))
        async with aclosing(engine.reply()) as deltas:
            async for delta in deltas:
                if isinstance(delta, TextDelta):
                    yield delta.text

    async def close(self) -> None:
        """Closes the conversations of all directions."""
        while self._engines:
            _, (engine, _beginning) = self._engines.popitem()
            await engine.close()
