"""Our voice goes out on an absolute schedule: late frames catch up, a long stall moves the schedule, nothing bursts."""

from __future__ import annotations

import asyncio

import av
import numpy as np
import pytest
from aiortc.codecs.opus import OpusEncoder
from aiortc.mediastreams import MediaStreamError

from tests.virtual_time import run_in_virtual_time
from ui.outgoing import FRAME, FRAME_S, LATE_S, Pace, Voice


def sent(stalls: dict[int, float], frames: int) -> list[tuple[float, int]]:
    """(time, time stamp) of each frame where the loop stands still for so long before frame n."""

    async def run() -> list[tuple[float, int]]:
        loop = asyncio.get_running_loop()
        voice = Voice(lambda n: np.zeros(n, np.float32))
        out = []
        for n in range(frames):
            loop._jump.now += stalls.get(n, 0.0)  # type: ignore[attr-defined]
            frame = await voice.recv()
            out.append((loop.time(), frame.pts))
        return out

    return run_in_virtual_time(run())


def test_frames_go_out_every_20_ms() -> None:
    out = sent({}, 100)
    assert [time for time, _ in out] == pytest.approx([n * FRAME_S for n in range(100)])
    assert [stamp for _, stamp in out] == [n * FRAME for n in range(100)]


def test_small_delays_do_not_add_up() -> None:
    out = sent(dict.fromkeys(range(1, 500), 0.003), 500)
    assert out[-1][0] == pytest.approx(499 * FRAME_S, abs=0.004)


def test_a_short_stall_is_caught_up_with() -> None:
    out = sent({10: 0.05}, 20)
    assert out[10][0] == pytest.approx(9 * FRAME_S + 0.05)
    assert out[-1] == (pytest.approx(19 * FRAME_S), 19 * FRAME)


def test_a_long_stall_moves_schedule_and_stamps_and_does_not_burst() -> None:
    out = sent({10: 1.0}, 60)
    times, stamps = [time for time, _ in out], [stamp for _, stamp in out]
    assert times[10] == pytest.approx(9 * FRAME_S + 1.0)
    assert np.diff(times)[10:].min() > FRAME_S / 2, "a burst"
    assert stamps[10] == pytest.approx(times[10] * 48_000, abs=FRAME)
    assert np.all(np.diff(stamps)[10:] == FRAME)


def test_pace_counts_what_it_gave_up() -> None:
    pace = Pace()
    assert pace.next(5.0) == (0, 0.0)
    assert pace.next(5.0 + FRAME_S + LATE_S - 0.001)[0] == 1
    number, wait = pace.next(6.0)
    assert (number, pace.skipped) == (50, 48)
    assert -FRAME_S <= wait <= 0


def test_no_sound_is_lost_in_a_stall_and_loud_sound_is_clipped() -> None:
    async def run() -> list[np.ndarray]:
        loop = asyncio.get_running_loop()
        ramp = iter(np.array_split(np.linspace(0, 2, 30 * FRAME, dtype=np.float32), 30))
        voice = Voice(lambda n: next(ramp))
        out = []
        for n in range(30):
            loop._jump.now += 0.5 if n == 15 else 0.0  # type: ignore[attr-defined]
            out.append((await voice.recv()).to_ndarray()[0])
        return out

    heard = np.concatenate(run_in_virtual_time(run())).astype(np.float32) / 32767
    assert heard == pytest.approx(np.clip(np.linspace(0, 2, 30 * FRAME), 0, 1), abs=1e-4)


def test_a_stopped_track_ends() -> None:
    async def run() -> None:
        voice = Voice(lambda n: np.zeros(n, np.float32))
        voice.stop()
        with pytest.raises(MediaStreamError):
            await voice.recv()

    run_in_virtual_time(run())


def test_the_encoder_follows_a_jump_of_the_stamps() -> None:
    encoder, stamps = OpusEncoder(), []
    for number in [0, 1, 2, 3, 50, 51, 52]:
        frame = av.AudioFrame.from_ndarray(np.zeros((1, FRAME), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, number * FRAME
        payloads, stamp = encoder.encode(frame)
        stamps += [stamp] * len(payloads)
    # Opus looks ahead a little, so the packet of the jump itself may still carry the stamp before it.
    assert sorted(np.diff(stamps)) == [FRAME] * 5 + [47 * FRAME]
    assert stamps[-1] == 52 * FRAME
