"""The canceller takes our voice away and leaves the other one, in rooms of several kinds."""

from __future__ import annotations

import numpy as np
import pytest

from audio.chunk import Samples
from audio.loudness import level_dbfs
from audio.resample import resample_whole
from audio.room.echo import FRAME, EchoCanceller
from audio.voices.voice import Synthesizer
from tests.room_sounds import EchoPath, placed, said, seconds

TEXT = (
    "The old bridge was built a hundred years ago. Since then it has carried trains, carts and people over the river "
    "every day. In winter it is covered with ice, and nobody walks there after dark without a lamp."
)
ROOMS = {
    "loud and near": EchoPath(gain_db=-6, delay_s=0.05),
    "loud and late": EchoPath(gain_db=-6, delay_s=0.3, seed=1),
    "quiet": EchoPath(gain_db=-30, delay_s=0.15, seed=2),
    "another clock": EchoPath(gain_db=-10, delay_s=0.15, drift_ppm=100, seed=3),
    "distorted": EchoPath(gain_db=-10, delay_s=0.15, distortion=0.3, seed=4),
}
LEAST_DB = {"quiet": 15.0, "distorted": 15.0}  # little is there to be taken, or it is not linear


@pytest.fixture(scope="module")
def ours() -> Samples:
    voice: Samples = np.tanh(2.5 * resample_whole(Synthesizer().say(TEXT), 24_000, 16_000)).astype(np.float32)
    return voice


def cancelled(microphone: Samples, played: Samples) -> Samples:
    canceller = EchoCanceller()
    frames = range(0, len(microphone) // FRAME * FRAME, FRAME)
    return np.concatenate([canceller.cancel(microphone[at : at + FRAME], played[at : at + FRAME]) for at in frames])


def echo_of(path: EchoPath, played: Samples) -> Samples:
    frames = range(0, len(played) // 320 * 320, 320)
    return np.concatenate([path.hear(played[at : at + 320]) for at in frames])


@pytest.mark.parametrize("room", ROOMS)
def test_the_echo_goes(room: str, ours: Samples) -> None:
    echo = echo_of(ROOMS[room], ours)
    noise = 1e-4 * np.random.default_rng(0).standard_normal(len(echo)).astype(np.float32)
    left = cancelled(echo + noise, ours)
    settled = slice(seconds(3.0), None)
    assert level_dbfs(echo[settled]) - level_dbfs(left[settled]) > LEAST_DB.get(room, 25.0)


def test_the_other_voice_stays(ours: Samples) -> None:
    echo = echo_of(EchoPath(gain_db=-12, delay_s=0.15), ours)
    words = said("Stop, that is enough for now.")
    left = cancelled(echo + placed(len(echo) / 16_000, (6.0, words)), ours)
    spoken = slice(seconds(6.0), seconds(6.0) + len(words))
    assert level_dbfs(left[spoken]) == pytest.approx(level_dbfs(words), abs=4.0)


def test_silence_and_full_scale_pass() -> None:
    silence, loud = np.zeros(FRAME, np.float32), np.ones(FRAME, np.float32)
    canceller = EchoCanceller()
    assert not canceller.cancel(silence, silence).any()
    assert np.isfinite(canceller.cancel(loud, -loud)).all()
