"""Holds the question of one session that a larger model is looking into. One at a time: a newer one replaces it.

The engine writes (`dialogue.tools.toolbox.Delegation`); `stream/session/delegation_stage.py` does the work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from dialogue.blocks import Block


@dataclass(frozen=True, slots=True, eq=False)
class DelegatedQuestion:
    """A question with the turns before it. `over` is set once its answer is not wanted any more."""

    question: str
    turns: tuple[Block, ...]
    over: asyncio.Event = field(default_factory=asyncio.Event)


class DelegationDesk:
    """One per session."""

    def __init__(self) -> None:
        self._current: DelegatedQuestion | None = None
        self._came = asyncio.Event()

    @property
    def pending(self) -> bool:
        return self._current is not None

    def hand_over(self, question: str, turns: Sequence[Block]) -> bool:
        alone = not self.cancel()
        self._current = DelegatedQuestion(question, tuple(turns))
        self._came.set()
        return alone

    def cancel(self) -> bool:
        current, self._current = self._current, None
        if current is not None:
            current.over.set()
        return current is not None

    def close(self, one: DelegatedQuestion) -> None:
        """Its answer was said, or is not wanted."""
        if self._current is one:
            self.cancel()

    async def next(self) -> DelegatedQuestion:
        """Waits for a question that is wanted."""
        while self._current is None:
            self._came.clear()
            await self._came.wait()
        return self._current
