"""Replaces a server's models by better ones while it takes calls: running calls keep theirs, later ones get the new."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from dialogue.errors import AssistantError
from stream.models.prepare import Arrived
from stream.models.setup import Setup
from stream.runtime.events import Notice

log = logging.getLogger(__name__)

P = TypeVar("P")


class Upgrade(Protocol[P]):
    """Makes the better setup and its models from the present ones. Raises AssistantError where it cannot."""

    def __call__(self, parts: P, arrived: Arrived) -> Awaitable[tuple[Setup, P]]: ...


@dataclass
class Upgrading(Generic[P]):
    """One upgrade, and the notice about it."""

    make: Upgrade[P]
    under_way: bool = True
    done: float = 0.0  # share of the bytes that have arrived
    failure: str = ""  # why there are no better models

    @property
    def notice(self) -> Notice | None:
        """For a call that begins while the upgrade is under way."""
        if not self.under_way:
            return None
        share = f" ({self.done:.0%} has arrived)" if 0 < self.done < 1 else ""
        text = (
            f"The small language model answers in this call. A larger one is being prepared{share}, "
            "and calls that begin later use it."
        )
        return Notice("info", "llm_upgrade", text)

    async def run(self, parts: P) -> tuple[Setup, P] | None:
        """The better setup and its models; None where there are none, which is logged."""
        try:
            return await self.make(parts, self._arrived)
        except (AssistantError, OSError) as error:
            log.warning("the small language model stays: %s", error)
            self.failure = str(error)
            return None
        finally:
            self.under_way = False

    def _arrived(self, done: int, total: int) -> None:
        self.done = done / total if total else 0.0


READY = Notice("info", "llm_upgraded", "The larger language model is ready: hang up and call again to use it.")
