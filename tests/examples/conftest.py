"""What the tests of the examples share: the recordings and pictures they are run with, and a way to run one."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from audio.sound_file import write_wav
from audio.voice import Synthesizer
from stream.models.weights import WeightStore

EXAMPLES = Path(__file__).parents[2] / "examples"

Run = Callable[..., str]


@pytest.fixture
def run(weights: WeightStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """run("name.py", argument): what the example prints, with the real weights."""
    monkeypatch.setenv("OMNILIVE_HOME", str(weights.folder.parent))

    def call(name: str, argument: object) -> str:
        runpy.run_path(str(EXAMPLES / name))["main"](argument)
        return capsys.readouterr().out

    return call


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """person.jpg, sign.png ("GATE 7"), and time.wav ("What time is it?")."""
    folder = tmp_path_factory.mktemp("media")
    cv2.imwrite(str(folder / "person.jpg"), data.astronaut()[:, :, ::-1])
    wall = np.full((480, 640, 3), (130, 110, 90), np.uint8)
    cv2.rectangle(wall, (120, 160), (520, 300), (245, 250, 250), -1)
    cv2.putText(wall, "GATE 7", (190, 250), cv2.FONT_HERSHEY_SIMPLEX, 2.2, (20, 20, 20), 6, cv2.LINE_AA)
    cv2.imwrite(str(folder / "sign.png"), wall)
    voice = Synthesizer(threads=1)
    write_wav(folder / "time.wav", voice.say("What time is it?"), voice.rate)
    return folder
