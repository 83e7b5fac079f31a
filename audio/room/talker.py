"""Knows the voice of the person who talks with us, and recognises a quieter one that is somebody else's.

Level alone takes a person behind, or a television, for the talker who has moved away. A voice as loud as the talker's
is always listened to, because somebody else may join the conversation.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.loudness import level_dbfs
from audio.room.speaker_embedding import Embedding

KNOWN_AFTER_S, REMEMBERED_S = 6.0, 60.0  # of speech
SHORTEST_S = 0.8  # less says too little about a voice
# Of ten voices of Kokoro, heard with as much reverberation as direct sound, 19 of 20 utterances of the talker were
# above this, and three of four of another voice below it (docs/decisions.md, 2026-12-01).
ANOTHER, QUIETER_DB = 0.57, 3.0
FRAME = HEARING_RATE_HZ // 50


class VoiceEncoder(Protocol):
    """What describes a voice, such as `audio.room.speaker_embedding.SpeakerEncoder`."""

    def embed(self, samples_16k: Samples) -> Embedding: ...


class Talker:
    """The talker of one session. Used by one thread at a time; samples are (n,) float32 at 16 kHz."""

    def __init__(self, encoder: VoiceEncoder) -> None:
        self._encoder = encoder
        self._profile = np.zeros(1, np.float32)  # the mean of embeddings, by their seconds
        self._level_dbfs = 0.0
        self._seconds = 0.0

    @property
    def known(self) -> bool:
        return self._seconds >= KNOWN_AFTER_S

    def learn(self, samples: Samples) -> None:
        """Takes an utterance that was answered."""
        seconds = len(samples) / HEARING_RATE_HZ
        if seconds < SHORTEST_S:
            return
        self._seconds = min(self._seconds, REMEMBERED_S) + seconds
        share = seconds / self._seconds
        self._profile = self._profile + share * (self._encoder.embed(samples) - self._profile)
        self._level_dbfs += share * (speech_dbfs(samples) - self._level_dbfs)

    def is_another(self, samples: Samples) -> bool:
        """Whether an utterance is quieter than the talker's and of another voice; False while neither is known."""
        if not self.known or len(samples) < SHORTEST_S * HEARING_RATE_HZ:
            return False
        if speech_dbfs(samples) > self._level_dbfs - QUIETER_DB:
            return False
        likeness = self._encoder.embed(samples) @ self._profile / np.linalg.norm(self._profile)
        return float(likeness) < ANOTHER


def speech_dbfs(samples: Samples) -> float:
    """The level of the louder half of the sound, which leaves pauses out."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    powers = np.sort(np.square(frames).mean(1))
    return level_dbfs(np.sqrt(powers[len(powers) // 2 :]).astype(np.float32))
