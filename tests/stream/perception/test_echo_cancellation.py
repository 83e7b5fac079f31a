"""The microphone's stream without our voice: in step with what was sent, whole, and untouched where nothing was."""

from __future__ import annotations

import numpy as np
import pytest

from audio.chunk import Chunk, Samples
from audio.room.echo import FRAME
from stream.perception.echo_cancellation import EchoCancellation
from stream.playout.played_sound import PlayedSound

CHUNK = 320


class Subtraction:
    """A canceller for an echo without delay."""

    def cancel(self, microphone: Samples, played: Samples) -> Samples:
        assert len(microphone) == len(played) == FRAME
        return microphone - played


class Room:
    """A loudspeaker and a microphone that hears it `delay_s` later, on one clock."""

    def __init__(self, delay_s: float = 0.0, playout_s: float = 0.0) -> None:
        self.now, self.playout_s = 0.0, playout_s
        self.delay = round(delay_s * 16_000)
        self.played = PlayedSound(16_000, lambda: self.now)
        self.echo = EchoCancellation(Subtraction(), self.played)
        self.sent, self.next = np.zeros(self.delay, np.float32), 0

    def send(self, samples: Samples) -> Chunk:
        """Plays `samples` and processes what the microphone has of them."""
        self.played.put(samples)
        self.sent = np.concatenate([self.sent, samples])
        heard = self.sent[self.next : self.next + len(samples)]
        chunk = Chunk(heard, 16_000, self.next)
        self.next += len(samples)
        cleaned = self.echo.clean(chunk, self.now, self.playout_s)
        self.now += len(samples) / 16_000
        return cleaned


def voice(seconds: float, seed: int = 0) -> Samples:
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * 16_000)).astype(np.float32)


def frames(samples: Samples, size: int = CHUNK) -> list[Samples]:
    return [samples[at : at + size] for at in range(0, len(samples), size)]


def test_the_echo_of_what_was_sent_is_taken_away() -> None:
    room = Room()
    left = np.concatenate([room.send(part).samples for part in frames(voice(1.0))])
    assert np.abs(left).max() < 1e-6


def test_the_reference_is_read_when_the_far_end_plays_it() -> None:
    room = Room(delay_s=0.34, playout_s=0.40)  # the reserve is kept: the reference is read 340 ms after sending
    left = np.concatenate([room.send(part).samples for part in frames(voice(2.0))])
    assert np.abs(left).max() < 1e-6


@pytest.mark.parametrize("size", [100, 304, 320, 1000])
def test_no_sample_is_lost_or_moved_whatever_the_chunks(size: int) -> None:
    room, end = Room(), 0
    for part in frames(voice(1.0), size):
        cleaned = room.send(part)
        assert cleaned.start == end
        end = cleaned.end
    assert 16_000 - FRAME < end <= 16_000


def test_sound_passes_unchanged_where_nothing_was_played_lately() -> None:
    room = Room()
    for part in frames(voice(0.2)):
        room.send(part)
    room.now += 5.0
    words = voice(0.02, seed=1)
    assert np.array_equal(room.echo.clean(Chunk(words, 16_000, 100_000), room.now, 0.0).samples, words)


def test_what_is_left_of_our_voice_is_explained_and_another_voice_is_not() -> None:
    room = Room()
    for part in frames(voice(0.5)):
        room.send(part)
    assert room.echo.explains(0.3, 0.332)
    for part in frames(voice(0.5)):
        room.played.put(part)
        room.echo.clean(Chunk(part + voice(0.02, seed=2), 16_000, room.next), room.now, 0.0)
        room.next, room.now = room.next + CHUNK, room.now + CHUNK / 16_000
    assert not room.echo.explains(0.8, 0.832)
