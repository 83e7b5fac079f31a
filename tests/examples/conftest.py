"""What the tests of the examples share: the recordings and pictures they are run with, and a way to run one."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from stream.models.weights import WeightStore
from tests.loaded_once import models_loaded_once
from tests.media_files import write_media

__all__ = ["models_loaded_once"]

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
    return write_media(tmp_path_factory.mktemp("media"))
