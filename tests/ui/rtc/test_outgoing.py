"""Our voice goes out on an absolute schedule: late frames catch up, a long stall moves the schedule, nothing bursts."""

from __future__ import annotations

import asyncio

import av
import numpy as np
import pytest
from aiortc.codecs.opus import OpusEncoder
from aiortc.mediastreams import MediaStreamError

from tests.virtual_time import block, run_in_virtual_time
from ui.rtc.outgoing import FRAME, FRAME_S, LATE_S, RATE_HZ, AudioTrack, OpusPacketEncoder, PacketPacer


def sent(stalls: dict[int, float], frames: int) -> list[tuple[float, int]]:
    """(time, time stamp) of each frame where the loop stands still for so long before frame n."""

    async def run() -> list[tuple[float, int]]:
        loop = asyncio.get_running_loop()
        voice = AudioTrack(lambda n: np.zeros(n, np.float32))
        out = []
        for n in range(frames):
            block(stalls.get(n, 0.0))
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
    assert out[-1] == pytest.approx((19 * FRAME_S, 19 * FRAME))


def test_a_long_stall_moves_schedule_and_stamps_and_does_not_burst() -> None:
    out = sent({10: 1.0}, 60)
    times, stamps = [time for time, _ in out], [stamp for _, stamp in out]
    assert times[10] == pytest.approx(9 * FRAME_S + 1.0)
    assert np.diff(times)[10:].min() > FRAME_S / 2, "a burst"
    assert stamps[10] == pytest.approx(times[10] * 48_000, abs=FRAME)
    assert np.all(np.diff(stamps)[10:] == FRAME)


def test_the_pace_counts_lost_time() -> None:
    pace = PacketPacer()
    assert pace.next(5.0) == (0, 0.0)
    assert pace.next(5.0 + FRAME_S + LATE_S - 0.001)[0] == 1
    number, wait = pace.next(6.0)
    assert (number, pace.skipped) == (50, 48)
    assert -FRAME_S <= wait <= 0


def decoded(packets: list[av.Packet]) -> np.ndarray:
    decoder = av.CodecContext.create("libopus", "r")
    decoder.format, decoder.layout, decoder.sample_rate = "s16", "mono", RATE_HZ
    frames = [frame.to_ndarray()[0] for packet in packets for frame in decoder.decode(av.Packet(bytes(packet)))]
    return np.concatenate(frames).astype(np.float32) / 32768


def test_no_sound_is_lost_in_a_stall() -> None:
    times = np.arange(60 * FRAME) / RATE_HZ
    chirp = (0.5 * np.sin(2 * np.pi * (300 + 400 * times) * times)).astype(np.float32)

    async def run() -> list[av.Packet]:
        frames = iter(chirp.reshape(60, FRAME))
        voice = AudioTrack(lambda n: next(frames))
        packets = []
        for n in range(60):
            block(0.5 if n == 30 else 0.0)
            packets.append(await voice.recv())
        return packets

    heard = decoded(run_in_virtual_time(run()))
    delay = 308  # samples: Opus looks 312 ahead, and its high pass shifts phases back a little
    likeness = np.corrcoef(heard[delay + 4800 :], chirp[4800 : len(chirp) - delay])[0, 1]
    assert len(heard) == len(chirp)
    assert likeness > 0.98


def test_samples_beyond_full_scale_are_clipped_not_wrapped() -> None:
    encoder, loud = OpusPacketEncoder(), np.full(FRAME, 1.7, np.float32)
    heard = decoded([encoder.encode(loud if n % 2 else -loud, n * FRAME) for n in range(10)])
    assert np.abs(heard).max() > 0.9
    assert np.abs(np.diff(heard)).max() < 1.5, "a wrapped sample would jump by two"


def test_a_stopped_track_ends() -> None:
    async def run() -> None:
        voice = AudioTrack(lambda n: np.zeros(n, np.float32))
        voice.stop()
        with pytest.raises(MediaStreamError):
            await voice.recv()

    run_in_virtual_time(run())


def test_aiortc_sends_our_packets_as_they_are() -> None:
    encoder, sender = OpusPacketEncoder(), OpusEncoder()
    for number in (0, 1, 2, 50, 51):
        packet = encoder.encode(np.zeros(FRAME, np.float32), number * FRAME)
        assert sender.pack(packet) == ([bytes(packet)], number * FRAME)
