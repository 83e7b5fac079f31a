"""Feeds units to an engine that hears, in the time slots that the sessions of a model share."""

from __future__ import annotations

from dataclasses import dataclass

from dialogue.blocks import UnitBlock
from dialogue.engine import UnitAnswer, UnitEngine
from dialogue.errors import BadInput
from stream.perception.interleave import UNIT_S, Unit
from stream.perception.units.overhearing import Overhearing
from stream.perception.units.unit_feed import UnitFeed
from stream.runtime.clock import SoundClock
from stream.runtime.events import Notice
from stream.runtime.link import Link
from stream.runtime.unit_slots import Slots

# How long the end of a turn waits for its words: the silence that ends a turn is longer.
PATIENCE_S = 0.25


@dataclass(frozen=True)
class UnitPrefill:
    """The prefill of one session."""

    engine: UnitEngine
    slots: Slots
    feed: UnitFeed
    clock: SoundClock
    link: Link
    overhearing: Overhearing | None = None  # where there is a transcriber

    async def take_rest(self, until_s: float) -> None:
        """Feeds what was said since the last whole unit, once it is known whether the words are about the picture."""
        if self.overhearing is not None:
            await self.overhearing.heard(PATIENCE_S)
        await self.take(self.feed.rest(until_s))

    async def take(self, unit: Unit, *, listen: bool = False) -> UnitAnswer | None:
        """Feeds the unit, due before the next one is whole. Returns the engine's answer; None, with a Notice, where
        the unit could not be used. Raises what else the engine raises."""
        start = self.clock.at(unit.start_s)
        rgb = unit.picture.rgb if unit.picture is not None else None
        block = UnitBlock(unit.samples, start, rgb, unit.text, listen, unit.fine)
        within_s = max(self.clock.at(unit.end_s) + UNIT_S - self.link.now(), 0.0)
        try:
            return await self.slots.compute(self.engine, block, within_s)
        except BadInput as odd:
            self.link.emit(Notice("warning", "bad_unit", f"A second of the call could not be used: {odd}"))
            return None
