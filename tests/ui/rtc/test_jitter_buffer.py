"""Sound that arrives in pieces becomes one stream whose sample count is time."""

from __future__ import annotations

import numpy as np
import pytest

from audio.chunk import Chunk
from ui.rtc.jitter_buffer import AHEAD_S, BEHIND_S, IDLE_S, MOST_HELD_S, WINDOW_S, JitterBuffer

RATE = 16_000
PACKET = 320  # 20 ms


def tone(n: int = PACKET) -> np.ndarray:
    return np.full(n, 0.5, np.float32)


class FedBuffer:
    """Feeds packets and keeps the output."""

    def __init__(self) -> None:
        self.buffer = JitterBuffer()
        self.out: list[Chunk] = []

    def packet(self, number: float, now: float, n: int = PACKET) -> None:
        self.out += self.buffer.place(tone(n), round(number * PACKET), now)

    def idle(self, now: float) -> None:
        self.out += self.buffer.idle(now)

    def samples(self) -> np.ndarray:
        position = 0
        for chunk in self.out:
            assert chunk.start == position, "a gap between two chunks"
            assert chunk.rate == RATE
            position = chunk.end
        return np.concatenate([chunk.samples for chunk in self.out])


def test_packets_in_time_pass_unchanged() -> None:
    line = FedBuffer()
    for n in range(50):
        line.packet(n, now=3.0 + 0.02 * n)
    assert np.all(line.samples() == 0.5)
    assert len(line.out) == 50


def test_lost_time_becomes_silence_of_the_same_length() -> None:
    line = FedBuffer()
    for n in (0, 1, 4, 5):
        line.packet(n, now=0.02 * (n + 1))
    heard = line.samples().reshape(6, PACKET)
    assert [bool(row.all()) for row in heard] == [True, True, False, False, True, True]
    assert line.buffer.filled == 2 * PACKET


def test_rounding_of_a_few_samples_is_not_a_gap() -> None:
    line = FedBuffer()
    line.packet(0, now=0.02, n=304)
    line.packet(1, now=0.04)
    line.packet(2 + 0.05, now=0.06)
    assert line.buffer.filled == 0
    assert len(line.samples()) == 304 + 2 * PACKET


def test_jitter_changes_nothing() -> None:
    line = FedBuffer()
    for n, late in enumerate([0.0, 0.03, 0.01, 0.2, 0.18, 0.16, 0.0, 0.1, 0.0]):
        line.packet(n, now=0.02 * (n + 1) + late)
    assert np.all(line.samples() == 0.5)
    assert line.buffer.cut == 0


def test_a_silent_sender_is_filled_with_silence_after_the_idle_time() -> None:
    line = FedBuffer()
    line.packet(0, now=10.0)
    for now in np.arange(10.0, 12.0, 0.1):
        line.idle(float(now))
    assert len(line.samples()) / RATE == pytest.approx(0.02 + 1.9 - IDLE_S, abs=0.001)
    line.packet(101, now=12.02)  # 2.02 s later on the sender's clock too
    assert len(line.samples()) / RATE == pytest.approx(2.04, abs=0.001)
    assert line.samples()[-1] == 0.5


def test_before_the_first_packet_nothing_is_filled() -> None:
    assert JitterBuffer().idle(5.0) == []


def test_delayed_sound_is_cut_only_where_its_time_was_filled() -> None:
    line = FedBuffer()
    line.packet(0, now=0.02)
    line.idle(1.02)  # fills up to 0.42
    for n in range(1, 51):  # the whole missing second arrives at once
        line.packet(n, now=1.02)
    line.packet(51, now=1.04)
    heard = line.samples()
    assert len(heard) / RATE == pytest.approx(1.04, abs=0.001)
    assert line.buffer.cut == pytest.approx(0.4 * RATE, abs=2)
    assert np.all(heard[round(0.42 * RATE) + 1 :] == 0.5)


def test_a_microphone_with_a_stopped_clock_loses_no_sound_when_it_is_back() -> None:
    line = FedBuffer()
    line.packet(0, now=0.02)
    for now in np.arange(0.1, 3.0, 0.1):
        line.idle(float(now))
    for n in range(1, 50):  # timestamps continue without a jump
        line.packet(n, now=3.0 + 0.02 * n)
    heard = line.samples()
    assert len(heard) / RATE == pytest.approx(3.0 + 0.02 * 49, abs=0.001)
    assert line.buffer.cut == 0
    assert np.all(heard[-49 * PACKET :] == 0.5)
    assert not heard[PACKET : -49 * PACKET].any()


def test_held_sound_is_released_even_if_none_follows() -> None:
    line = FedBuffer()
    line.packet(0, now=0.02)
    line.idle(2.0)
    line.packet(1, now=2.05)
    assert len(line.out) == 2
    line.idle(2.1)
    assert line.samples()[-PACKET:].all()
    assert len(line.samples()) / RATE == pytest.approx(2.05, abs=0.001)


def test_a_late_first_packet_is_corrected() -> None:
    line = FedBuffer()
    line.packet(0, now=1.0)  # 0.2 s late
    for n in range(1, 11):
        line.packet(n, now=1.0)  # the burst after it
    for n in range(11, 60):
        line.packet(n, now=1.0 + 0.02 * (n - 10))
    ahead = 0.02 + len(line.samples()) / RATE - (0.02 * 50)
    assert ahead <= AHEAD_S + 0.041


@pytest.mark.parametrize("parts_per_million", [-300, 300])
def test_a_fast_or_slow_clock_is_followed_for_an_hour(parts_per_million: int) -> None:
    line = FedBuffer()
    seconds = 1200  # at 300 ppm, like an hour at 100 ppm
    for n in range(seconds * 50):
        line.packet(n, now=0.02 * (n + 1) * (1 + parts_per_million / 1e6))
    ours, true = len(line.samples()), round(seconds * RATE * (1 + parts_per_million / 1e6))
    assert -BEHIND_S - 0.01 < (ours - true) / RATE < AHEAD_S + 0.01


def test_a_longer_path_is_followed_after_a_while() -> None:
    line = FedBuffer()
    for n in range(1000):
        line.packet(n, now=0.02 * (n + 1) + (0.15 if n >= 100 else 0.0))
    assert line.buffer.filled == pytest.approx(0.15 * RATE, abs=2)
    assert WINDOW_S < 15


@pytest.mark.parametrize("jump", [10**9, -(10**9)])
def test_timestamps_that_jump_are_followed_without_a_flood(jump: int) -> None:
    line = FedBuffer()
    for n in range(50):
        line.packet(n, now=0.02 * (n + 1))
    for n in range(50, 100):
        line.packet(n + jump, now=0.02 * (n + 1))
    heard = line.samples()
    assert len(heard) == pytest.approx(100 * PACKET, abs=PACKET)
    assert np.all(heard == 0.5)


def test_sound_that_arrives_in_one_endless_burst_is_held_within_bounds() -> None:
    line = FedBuffer()
    for n in range(50):
        line.packet(n, 0.02 * (n + 1))
    line.idle(10.0)
    for n in range(5000):
        line.packet(50 + n, 10.0 + n * 0.009)
    held = sum(len(piece.samples) for piece in line.buffer._held)
    assert held <= MOST_HELD_S * RATE and line.buffer.cut >= 5000 * PACKET - held - PACKET
    line.idle(60.0)
    line.samples()


def test_a_stream_of_another_connection_goes_on_where_time_is() -> None:
    line = FedBuffer()
    for n in range(100):
        line.packet(n, 0.02 * (n + 1))
    for tenth in range(20, 100):
        line.idle(tenth / 10)
    line.buffer.restart()
    for n in range(100):
        line.packet(900_000 + n, 10.0 + 0.02 * (n + 1))
    samples = line.samples()
    assert len(samples) == pytest.approx(12 * RATE, abs=2 * PACKET)
    assert np.all(samples[-99 * PACKET :] == 0.5), "no packet of the new connection is lost"
