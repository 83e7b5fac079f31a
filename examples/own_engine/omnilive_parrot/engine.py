"""An engine that repeats what the user says. It shows the whole contract of `dialogue.engine.Engine`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from dialogue.blocks import Block, ReplyBlock, TextBlock
from dialogue.engine import Capabilities, ContextUse, Delta, Mark, TextDelta
from dialogue.engines.entry import EngineEntry, EngineFactory, EngineResources
from dialogue.engines.settings import EngineSettings

CAN = Capabilities(hears=False, sees=False, speaks=False)


@dataclass(frozen=True, kw_only=True)
class ParrotSettings(EngineSettings):
    """Settings of this engine alone; `--engine-option prefix=...` sets one."""

    prefix: str = "You said:"


class ParrotEngine:
    """One session."""

    can = CAN

    def __init__(self, settings: ParrotSettings) -> None:
        self._settings = settings
        self._blocks: list[Block] = []

    async def feed(self, block: Block) -> None:
        """Takes in what was said or seen, in order of time."""
        self._blocks.append(block)

    async def reply(self) -> AsyncGenerator[Delta, None]:
        """The answer to the last words, word by word. A real engine awaits a model step through its runner here."""
        asked = [block.text for block in self._blocks if isinstance(block, TextBlock)]
        for word in f"{self._settings.prefix} {asked[-1]}".split():
            yield TextDelta(f"{word} ")

    async def mark(self) -> Mark:
        return Mark(len(self._blocks))

    async def rewind(self, mark: Mark) -> None:
        """Forgets what was fed since `mark`: the user went on speaking, or interrupted."""
        del self._blocks[mark.position :]

    async def close(self) -> None:
        self._blocks.clear()

    def context(self) -> ContextUse:
        texts = [block.text for block in self._blocks if isinstance(block, TextBlock | ReplyBlock)]
        return ContextUse({"text": sum(len(text.split()) for text in texts)}, self._settings.context_tokens)


def open_parrot(settings: ParrotSettings, _resources: EngineResources) -> EngineFactory:
    """Loads nothing. A real engine loads its weights here and runs its steps with `resources.runner`."""
    return lambda: ParrotEngine(settings)


ENTRY = EngineEntry("parrot", "repeats what you say", ParrotSettings, CAN, open_parrot)
