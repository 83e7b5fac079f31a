"""Each lane does what its name says when it is full, and wakes whoever waits when it closes."""

import asyncio

import pytest

from stream.runtime.lanes import BlockingQueue, DropOldest, LatestOnly, QueueClosed
from tests.virtual_time import run_in_virtual_time


def test_waiting_makes_the_writer_wait_and_loses_nothing() -> None:
    async def story() -> list[int]:
        lane: BlockingQueue[int] = BlockingQueue(2)
        taken = []

        async def write() -> None:
            for number in range(6):
                await lane.put(number)
            lane.close()

        writer = asyncio.ensure_future(write())
        await asyncio.sleep(1)
        assert len(lane) == 2
        try:
            while True:
                taken.append(await lane.get())
        except QueueClosed:
            await writer
        return taken

    assert run_in_virtual_time(story()) == list(range(6))


def test_drop_oldest_counts_what_it_drops() -> None:
    async def story() -> tuple[list[int], int]:
        lane: DropOldest[int] = DropOldest(3)
        for number in range(5):
            lane.put(number)
        return [await lane.get() for _ in range(3)], lane.dropped

    assert run_in_virtual_time(story()) == ([2, 3, 4], 2)


def test_latest_only_keeps_the_newest() -> None:
    async def story() -> tuple[str, int]:
        lane: LatestOnly[str] = LatestOnly()
        for frame in "abc":
            lane.put(frame)
        return await lane.get(), lane.dropped

    assert run_in_virtual_time(story()) == ("c", 2)


def test_closing_wakes_a_reader_and_a_writer() -> None:
    async def story() -> int:
        empty: DropOldest[int] = DropOldest(1)
        full: BlockingQueue[int] = BlockingQueue(1)
        await full.put(1)
        reader = asyncio.ensure_future(empty.get())
        writer = asyncio.ensure_future(full.put(2))
        await asyncio.sleep(1)
        empty.close()
        full.close()
        with pytest.raises(QueueClosed):
            await reader
        await writer
        return full.dropped

    assert run_in_virtual_time(story()) == 1
