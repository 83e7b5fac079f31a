"""The time slots of full duplex: measured, so that they know how long units take, and with them the capacity."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dialogue.engine import Runner
from dialogue.minicpm.duplex import Duplex, Said, Second, units_together
from dialogue.minicpm.model import MiniCPM
from dialogue.minicpm.unit_cost import measure_duplex
from stream.capacity import Capacity
from stream.unit_slots import UnitSlots

DuplexSlots = UnitSlots[Duplex, Second, Said]


async def open_duplex_slots(
    run: Runner, model: MiniCPM, context: int = 8000, make_sound: Callable[[Sequence[Said]], object] | None = None
) -> tuple[DuplexSlots, Capacity]:
    """For sessions of one model, of at most `context` tokens each; takes some seconds on the model's thread.

    `make_sound` stands for what follows a unit on the same thread, see `measure_duplex`.
    """
    cost = await run(measure_duplex, model, context, make_sound)
    capacity = Capacity.measured(cost)
    return UnitSlots(run, units_together, most=capacity.sessions, expected_s=cost.seconds), capacity
