"""Units of one second, cut from any chunking, with the newest picture; `unit_queue`: what a late engine loses.

Also tests `stream/perception/units/unit_queue.py`.
"""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from audio.chunk import Chunk
from stream.perception.audio_buffer import AudioBuffer
from stream.perception.interleave import UNIT, Interleave, Unit
from stream.perception.units.unit_queue import UnitQueue, UnitsLost
from stream.runtime.queues import QueueClosed
from tests.virtual_time import run_in_virtual_time
from vision.picture import Picture

SOUND = np.random.default_rng(0).standard_normal(3 * UNIT + 777).astype(np.float32)


def picture(at: float) -> Picture:
    return Picture(np.zeros((2, 2, 3), np.uint8), at)


def unit(second: int, shows: bool = True, says: str = "") -> Unit:
    return Unit(float(second), np.full(UNIT, second, np.float32), picture(second) if shows else None, says)


@pytest.mark.parametrize("cuts", [(3 * UNIT + 777,), (1, UNIT, 5, 2 * UNIT), (320,) * 153])
def test_units_hold_all_the_sound_in_any_chunking(cuts: tuple[int, ...]) -> None:
    heard = AudioBuffer()
    interleave, units, begun = Interleave(heard), list[Unit](), 0
    for cut in cuts:
        heard.append(Chunk(SOUND[begun : begun + cut], 16_000, begun))
        begun += cut
        units += interleave.take()
    assert [unit.start_s for unit in units] == [0.0, 1.0, 2.0]
    np.testing.assert_array_equal(np.concatenate([unit.samples for unit in units]), SOUND[: 3 * UNIT])


def test_a_turn_is_cut_from_where_it_began_and_its_rest_is_not_lost() -> None:
    heard = AudioBuffer()
    heard.append(Chunk(SOUND, 16_000, 0))
    interleave = Interleave(heard, start_s=0.5)
    first, second = interleave.take()
    assert (first.start_s, second.end_s) == (0.5, 2.5)
    rest = interleave.rest(2.9)
    np.testing.assert_array_equal(rest.samples, SOUND[round(2.5 * UNIT) : round(2.9 * UNIT)])
    heard.append(Chunk(SOUND[:UNIT], 16_000, len(SOUND)))
    assert [unit.start_s for unit in interleave.take()] == [2.5], "the user went on: the rest is part of a whole one"
    interleave.go_to(1.5)
    np.testing.assert_array_equal(interleave.take()[0].samples, second.samples)


def test_a_picture_and_words_go_with_one_unit() -> None:
    heard = AudioBuffer()
    interleave = Interleave(heard)
    interleave.see(picture(0.1))
    interleave.see(newest := picture(0.9))
    interleave.write("look")
    interleave.write("here")
    heard.append(Chunk(SOUND[: 2 * UNIT], 16_000, 0))
    first, second = interleave.take()
    assert (first.picture, first.text) == (None, "")
    assert (second.picture, second.text) == (newest, "look\nhere")
    heard.append(Chunk(SOUND[:UNIT], 16_000, 2 * UNIT))
    (third,) = interleave.take()
    assert (third.picture, third.text) == (None, "")


def test_a_late_engine_loses_the_oldest_pictures_first() -> None:
    queue = UnitQueue(pictures=2, units=8)
    for second in range(5):
        queue.put(unit(second))
    waiting = [queue.pop() for _ in range(5)]
    assert [each is not None and each.picture is not None for each in waiting] == [False, False, False, True, True]
    assert queue.lost == UnitsLost(pictures=3, units=0)


def test_an_even_later_engine_loses_seconds_but_no_typed_text() -> None:
    queue = UnitQueue(pictures=1, units=2)
    for second in range(5):
        queue.put(unit(second, says="wait" if second == 1 else ""))
    first, second_ = queue.pop(), queue.pop()
    assert first is not None and second_ is not None and queue.pop() is None
    assert (first.start_s, second_.start_s) == (3.0, 4.0)
    assert first.text == "wait"
    assert queue.lost.units == 3


def test_units_are_joined_for_an_engine_that_takes_turns() -> None:
    queue = UnitQueue(units=2, joins=True, joined_s=3.0)
    for second in range(6):
        queue.put(unit(second))
    first, last = queue.pop(), queue.pop()
    assert first is not None and last is not None
    assert (first.start_s, first.end_s, last.start_s) == (3.0, 5.0, 5.0)
    assert set(first.samples) == {3.0, 4.0}
    assert queue.lost.units == 3, "three seconds were joined and did not become four"


def test_only_what_began_before_is_taken() -> None:
    queue = UnitQueue()
    queue.put(unit(0))
    queue.put(unit(1))
    assert queue.pop(before_s=1.0) is not None
    assert queue.pop(before_s=1.0) is None
    queue.clear()
    assert len(queue) == 0 and queue.lost == UnitsLost()


def test_a_reader_waiting_for_a_unit_is_woken() -> None:
    async def story() -> float:
        queue = UnitQueue()
        asyncio.get_running_loop().call_later(2.5, queue.put, unit(1))
        got = await queue.get()
        asyncio.get_running_loop().call_later(1.0, queue.close)
        with pytest.raises(QueueClosed):
            await queue.get()
        return got.start_s

    assert run_in_virtual_time(story()) == 1.0
