"""Fixtures: VAD, ASR and TTS models, and speech to test them with, from the product's TTS and from espeak-ng."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.resample import resample_whole
from audio.sound_file import read_sound
from audio.transcribe import Transcriber
from audio.voice_activity import VoiceActivityDetector
from audio.voices.voice import Synthesizer
from stream.models.weights import WeightStore

Say = Callable[[str], Samples]


@pytest.fixture(scope="session")
def transcriber(weights: WeightStore) -> Transcriber:
    return Transcriber(weights.path("whisper-tiny.en"), threads=1)


@pytest.fixture(scope="session")
def activity(weights: WeightStore) -> VoiceActivityDetector:
    return VoiceActivityDetector(weights.path("silero-vad"))


@pytest.fixture(scope="session")
def voice() -> Synthesizer:
    return Synthesizer(threads=1)


@pytest.fixture(scope="session")
def say(voice: Synthesizer) -> Say:
    """The product's TTS voice, resampled to the 16 kHz of VAD and ASR."""
    return cache(lambda text: resample_whole(voice.say(text), voice.rate, HEARING_RATE_HZ))


@pytest.fixture(scope="session")
def espeak(tmp_path_factory: pytest.TempPathFactory) -> Say:
    """The voice of espeak-ng, which the product does not use, at 16 kHz."""
    if not shutil.which("espeak-ng"):
        pytest.skip("espeak-ng is not installed: apt install espeak-ng")
    folder = tmp_path_factory.mktemp("espeak")

    @cache
    def speak(text: str) -> Samples:
        path: Path = folder / "said.wav"
        subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", str(path), text], check=True)
        sound = read_sound(path)
        return resample_whole(sound.samples, sound.rate, HEARING_RATE_HZ)

    return speak


@pytest.fixture
def ugly_cuts() -> Callable[[int, int], list[int]]:
    """Random awkward chunk lengths (ones, primes, long ones) that add up to a total."""

    def cuts(total: int, seed: int) -> list[int]:
        rng = np.random.default_rng(seed)
        lengths: list[int] = []
        while (left := total - sum(lengths)) > 0:
            lengths.append(min(left, int(rng.choice([1, 2, 7, 113, 160, 511, 512, 513, 1600, 4801]))))
        return lengths

    return cuts
