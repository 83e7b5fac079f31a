"""`omnilive replay CALL`: a recorded call is decided again and compared, in the terminal and as JSON."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from dialogue.errors import BadInput
from stream.models.setup import SETUPS
from stream.recording.call_recording import EVENTS, RecordingRequest
from stream.session.session import Session
from stream.session.session_start import SessionStart
from tests.loaded_once import models_loaded_once
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, ToyTurnEnd, toy_parts
from tests.virtual_time import run_in_virtual_time
from ui.command_line import parser
from ui.commands.replay_call import side_by_side

__all__ = ["models_loaded_once"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A call with one question, with a pause of 0.3 s inside."""
    path = tmp_path_factory.mktemp("recorded") / "call"

    async def whole() -> None:
        parts = toy_parts(lambda: ToyEngine(["A cup."]), turn_end=ToyTurnEnd(0.5))
        start = SessionStart(recording=RecordingRequest(path, {"began": "2026-11-29T12:00:00"}))
        call = SessionCall(Session("test", parts, SETUPS["laptop"], start))
        async with call.running():
            await call.lasts(0.5)
            await call.speaks(1.0)
            await call.lasts(0.3)
            await call.speaks(2.0)  # so long that it interrupts also where its words are not known
            await call.lasts(5.0)
        parts.close()

    run_in_virtual_time(whole(), until=60)
    return path


def run(*given: object) -> int | None:
    options: argparse.Namespace = parser().parse_args(["replay", *map(str, given)])
    code: int | None = options.run(options)
    return code


def test_the_reasons_of_a_call_are_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder) == 0
    printed = capsys.readouterr().out
    assert "the same again" in printed
    assert "turn 1 waited: waited, and you went on after" in printed
    assert "turn 1 answered: waited" in printed
    assert run(folder) == 0
    assert capsys.readouterr().out == printed


def test_another_setting_is_shown_beside_the_call(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--set", "endpointing.patience=0.2", "--compare") == 0
    printed = capsys.readouterr().out
    assert "as it was" in printed and "endpointing.patience=0.2" in printed
    assert "took the answer back" in printed or "cut in on you" in printed
    assert run(folder, "--set", "endpointing.patience=1.2", "--json") == 0
    was, changed = json.loads(capsys.readouterr().out)
    assert changed["silence_ms_mean"] == pytest.approx(1200, abs=70) != was["silence_ms_mean"]


def test_a_call_whose_decisions_differ_is_reported(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (folder / EVENTS).read_text().splitlines()
    decided = next(n for n, line in enumerate(lines) if '"type":"Answer"' in line)
    (tmp_path / EVENTS).write_text("\n".join([*lines[:decided], *lines[decided + 1 :]]) + "\n")
    assert run(tmp_path) == 1
    assert "the call decided" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [["--compare"], ["--set", "endpointing.patience"], ["--set", "pause=1"], ["--set", "endpointing.pause=x"]],
)
def test_wrong_options_are_refused(folder: Path, wrong: list[str]) -> None:
    with pytest.raises(BadInput, match=r"--set|setting"):
        run(folder, *wrong)
    with pytest.raises(BadInput, match="recorded call"):
        run(folder / "microphone.wav", "--set", "endpointing.patience=1")


def test_lines_of_the_same_time_share_a_row() -> None:
    rows = list(side_by_side(["a", "b"], [[(1.0, "one"), (3.0, "three")], [(1.0, "uno"), (2.0, "dos " * 30)]]))
    assert len(rows) == 1 + 1 + 3 + 1
    assert rows[1].split() == ["0:01.0", "one", "uno"]
    assert rows[-1].split() == ["0:03.0", "three"]
