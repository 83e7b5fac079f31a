"""Sound that went out is found again by the time at which it went out."""

import numpy as np
import pytest

from stream.playout.played_sound import PlayedSound

FRAME_S = 0.02


class Sender:
    """Sends frames of 20 ms at 16 kHz, each of its own level, at the times given."""

    def __init__(self) -> None:
        self.now = 0.0
        self.played = PlayedSound(16_000, lambda: self.now)

    def send(self, at: float, level: float) -> None:
        self.now = at
        self.played.put(np.full(320, level, np.float32))

    def level(self, start_s: float, end_s: float) -> list[float]:
        found = self.played.between(round(start_s * 16_000), round(end_s * 16_000))
        return sorted({round(float(level), 3) for level in found})


def test_sound_lies_at_the_time_at_which_it_went_out() -> None:
    sender = Sender()
    for number in range(50):
        sender.send(1.0 + number * FRAME_S, 0.01 * (number + 1))
    assert sender.level(1.0, 1.02) == [0.01]
    assert sender.level(1.5, 1.52) == [0.26]
    assert sender.level(0.9, 1.0) == [0.0], "nothing went out before"
    assert sender.level(2.0, 2.1) == [0.0], "nor after"
    assert sender.played.sounded_until == pytest.approx(2.0)


def test_a_sender_that_is_a_little_late_and_catches_up_leaves_no_gap() -> None:
    sender = Sender()
    for number, late in enumerate((0.0, 0.0, 0.05, 0.04, 0.02, 0.0)):
        sender.send(1.0 + number * FRAME_S + late, 0.5)
    assert sender.level(1.0, 1.12) == [0.5]


def test_after_a_long_stall_sound_lies_where_it_went_out() -> None:
    sender = Sender()
    sender.send(1.0, 0.5)
    sender.send(2.0, 0.7)
    assert sender.level(1.0, 1.02) == [0.5]
    assert sender.level(1.03, 1.99) == [0.0]
    assert sender.level(2.0, 2.02) == [0.7]


def test_silence_does_not_count_as_sounding() -> None:
    sender = Sender()
    sender.send(1.0, 0.0)
    assert sender.played.sounded_until == float("-inf")
