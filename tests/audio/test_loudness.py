"""Levels in dBFS, and the detection of a silent microphone."""

from __future__ import annotations

import numpy as np
import pytest

from audio.chunk import Chunk, Samples
from audio.loudness import (
    FLOOR_DBFS,
    MicrophoneBack,
    MicrophoneSilent,
    SilenceWatch,
    is_silent,
    level_dbfs,
    sounding_s,
)
from tests.audio.tone import noise, silence, sine

RATE = 16_000


def test_levels_of_known_signals_are_right() -> None:
    assert level_dbfs(sine(1000, 1.0, RATE, level=1.0)) == pytest.approx(-3.01, abs=0.01)
    assert level_dbfs(noise(1.0, RATE, level=0.001)) == pytest.approx(-60, abs=0.2)
    assert level_dbfs(silence(1.0, RATE)) == level_dbfs(silence(0.0, RATE)) == FLOOR_DBFS
    assert is_silent(noise(0.1, RATE, level=0.0005)) and not is_silent(noise(0.1, RATE, level=0.01))


def test_the_length_of_a_sound_is_that_of_its_loud_part() -> None:
    room = noise(1.0, RATE, level=0.0005)
    assert sounding_s(silence(1.0, RATE), RATE) == 0.0
    blip = room.copy()
    blip[8000:8960] += sine(800, 0.06, RATE, level=0.2)
    assert sounding_s(blip, RATE) == pytest.approx(0.06, abs=0.02)
    assert sounding_s(noise(1.0, RATE, level=0.1), RATE) == pytest.approx(1.0)


def _watch(watch: SilenceWatch, sounds: list[Samples], length: int) -> list[object]:
    sound = np.concatenate(sounds)
    events = [watch.hear(Chunk(sound[at : at + length], RATE, at)) for at in range(0, len(sound), length)]
    return [event for event in events if event is not None]


@pytest.mark.parametrize("length", [160, 320, 1600])
def test_a_silent_microphone_and_its_return_are_each_reported_once(length: int) -> None:
    sounds = [noise(1.0, RATE, 0.01), silence(8.0, RATE), noise(1.0, RATE, 0.01), silence(4.0, RATE)]
    silent, back = _watch(SilenceWatch(after_s=5.0), sounds, length)
    assert isinstance(silent, MicrophoneSilent) and isinstance(back, MicrophoneBack)
    assert silent.at == pytest.approx(6.0, abs=length / RATE + 1e-6)
    assert silent.for_s == pytest.approx(5.0, abs=length / RATE + 1e-6)
    assert back.at == pytest.approx(9.0, abs=length / RATE + 1e-6)


def test_a_quiet_room_is_not_a_silent_microphone() -> None:
    assert _watch(SilenceWatch(after_s=2.0), [noise(10.0, RATE, level=10 ** (-70 / 20))], 320) == []
