"""The talker's voice against quieter and other ones, with voices that are one number each."""

from __future__ import annotations

import numpy as np

from audio.chunk import Samples
from audio.room.speaker_embedding import Embedding
from audio.room.talker import KNOWN_AFTER_S, QUIETER_DB, REMEMBERED_S, SHORTEST_S, Talker, speech_dbfs

RATE = 16_000


def says(voice: float, seconds: float, level_db: float = 0.0) -> Samples:
    """A tone whose pitch is the voice."""
    times = np.arange(round(seconds * RATE)) / RATE
    loudness = np.float32(0.1 * 10 ** (level_db / 20))
    return (loudness * np.sin(2 * np.pi * voice * times)).astype(np.float32)


class ByPitch:
    """Voices are alike when their pitches are."""

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, samples_16k: Samples) -> Embedding:
        self.asked += 1
        crossings = np.count_nonzero(np.diff(np.sign(samples_16k)) != 0)
        angle = np.pi * crossings / 2 / (len(samples_16k) / RATE) / 1000
        return np.array([np.cos(angle), np.sin(angle)], np.float32)


def known(voice: float = 100.0) -> Talker:
    talker = Talker(ByPitch())
    while not talker.known:
        talker.learn(says(voice, 2.0))
    return talker


def test_nobody_is_another_before_a_voice_was_heard_for_some_seconds() -> None:
    talker = Talker(ByPitch())
    talker.learn(says(100.0, KNOWN_AFTER_S - 1.0))
    assert not talker.known
    assert not talker.is_another(says(500.0, 2.0, -20.0))
    talker.learn(says(100.0, 1.5))
    assert talker.known and talker.is_another(says(500.0, 2.0, -20.0))


def test_another_voice_counts_as_such_when_it_is_quieter() -> None:
    talker = known()
    assert talker.is_another(says(500.0, 2.0, -QUIETER_DB - 1))
    assert not talker.is_another(says(500.0, 2.0, -QUIETER_DB + 1)), "somebody joins the conversation"
    assert not talker.is_another(says(100.0, 2.0, -20.0)), "the talker moved away"


def test_short_sounds_say_nothing_about_a_voice_and_are_not_looked_at() -> None:
    encoder = ByPitch()
    talker = Talker(encoder)
    for _ in range(4):
        talker.learn(says(100.0, 2.0))
        talker.learn(says(500.0, SHORTEST_S - 0.1))
    assert encoder.asked == 4
    assert not talker.is_another(says(500.0, SHORTEST_S - 0.1, -20.0)) and encoder.asked == 4


def test_a_voice_as_loud_as_the_talkers_costs_nothing() -> None:
    encoder = ByPitch()
    talker = Talker(encoder)
    talker.learn(says(100.0, 8.0))
    assert not talker.is_another(says(500.0, 2.0)) and encoder.asked == 1


def test_who_talks_for_a_minute_has_taken_over() -> None:
    talker = known()
    for _ in range(round(4 * REMEMBERED_S / 5)):
        talker.learn(says(500.0, 5.0))
    assert not talker.is_another(says(500.0, 2.0, -6.0))
    assert talker.is_another(says(100.0, 2.0, -6.0))


def test_pauses_do_not_lower_the_level_of_speech() -> None:
    speech = says(100.0, 2.0)
    pauses = np.concatenate([speech, np.zeros(round(1.9 * RATE), np.float32)])
    assert abs(speech_dbfs(pauses) - speech_dbfs(speech)) < 0.5
