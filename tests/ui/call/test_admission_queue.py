"""Places are given in the order of the queue, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from dialogue.errors import Busy
from stream.models.admission import Admission
from tests.virtual_time import run_in_virtual_time
from ui.call.admission_queue import AdmissionQueue
from ui.call.metrics import Metrics
from ui.call.waiting_line import ASK_EVERY_S, InLine


def test_a_session_waits_for_its_turn_and_hears_its_position() -> None:
    async def scenario() -> list[int]:
        queue, positions = AdmissionQueue(Admission(1), Metrics()), list[int]()

        async def report(waiting: InLine, length: int) -> None:
            positions.append(waiting.position)
            assert length == 1

        async def waits() -> None:
            async with queue.held("a", report):
                assert queue.admission.taken == 1

        async with asyncio.TaskGroup() as tasks, queue.held(None):
            tasks.create_task(waits())
            await asyncio.sleep(1.5 * ASK_EVERY_S)
            with pytest.raises(Busy):
                async with queue.held("b"):
                    pass
        assert queue.admission.taken == 0
        return positions

    assert run_in_virtual_time(scenario()) == [1, 1]


def test_nobody_overtakes_the_queue_and_who_leaves_it_is_forgotten() -> None:
    async def scenario() -> None:
        queue = AdmissionQueue(Admission(1), Metrics())

        async def report(waiting: InLine, length: int) -> None:
            pass

        async def waits() -> None:
            async with queue.held("a", report):
                pass

        queue.take(None, None)
        waiting = asyncio.create_task(waits())
        await asyncio.sleep(0.1)
        queue.leave()
        with pytest.raises(Busy):
            async with queue.held("b"):
                pass
        waiting.cancel()
        await asyncio.wait({waiting})
        async with queue.held("b"):
            pass

    run_in_virtual_time(scenario())
