"""The option `--llm`. Also tests `ui/host/home.py`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dialogue.engines.settings import ChatModelSettings
from stream.models.weights import WeightStore
from tests.dialogue.chat_models import write_chat_model
from ui.command_line import main, parser
from ui.commands.subparsers import chosen_setup


@pytest.fixture
def full_home(monkeypatch: pytest.MonkeyPatch, home: Path, weights: WeightStore) -> Path:
    monkeypatch.setenv("OMNILIVE_HOME", str(home))
    return home


@pytest.mark.parametrize("command", [["run"], ["talk"], ["ask", "x.jpg"], ["replay", "x.wav"]])
def test_every_command_takes_a_chat_model(
    command: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_chat_model("qwen3", tmp_path)
    setup = chosen_setup(parser().parse_args([*command, "--llm", str(tmp_path), "--precision", "int4"]))
    assert setup.engine == ChatModelSettings(model_path=tmp_path, precision="int4")
    [line] = capfd.readouterr().err.strip().splitlines()[-1:]
    assert line.startswith(f"{tmp_path}: ") and "parameters at int4 need" in line and "tokens a second here" in line


def test_a_question_about_a_picture_is_answered(
    full_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import cv2
    import numpy as np

    write_chat_model("llama3", tmp_path / "model")
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((240, 320, 3), 128, np.uint8))
    asked = ["ask", str(tmp_path / "grey.png"), "Tell me about the sea.", "--json", "--llm", str(tmp_path / "model")]
    assert main(asked) == 0
    answer = json.loads(capfd.readouterr().out.strip().splitlines()[-1])["answer"]
    assert answer


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--setup", "laptop", "--llm", "x"], "cannot be combined with --setup or --model"),
        (["--model", "x", "--llm", "x"], "cannot be combined with --setup or --model"),
        (["--llm", "nowhere"], "owner/name"),
    ],
)
def test_contradictory_options_are_reported(options: list[str], error: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--unsupervised", "--port", "0", *options]) == 2
    assert error in capfd.readouterr().err


def test_help_explains_it(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    printed = capfd.readouterr().out
    assert "omnilive run --llm Qwen/Qwen3-0.6B" in printed and ".gguf" in printed
