"""`omnilive eval` from the command line, on samples that need no model, and its file of results.

Also tests `ui/commands/evaluation/answerers.py` and `ui/commands/evaluation/results_file.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.public.samples import write_samples
from dialogue.errors import BadInput
from dialogue.evaluation.benchmark import BenchmarkItem
from ui.command_line import main
from ui.commands.evaluation.results_file import ResultsFile


def test_recorded_answers_are_scored_and_a_second_run_adds_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_samples(tmp_path)
    results, figures = tmp_path / "results.jsonl", tmp_path / "figures.json"
    command = ["eval", "omni-duplexeval", "--data", str(tmp_path / "Omni-DuplexEval"), "--results", str(results)]
    assert main([*command, "--json", str(figures)]) == 0
    assert "here             100.0  (100.0 to 100.0, 1 questions)" in capsys.readouterr().out
    assert json.loads(figures.read_text())["figure"] == 100.0
    before = results.read_text()
    assert main(command) == 0
    assert results.read_text() == before


def test_a_cut_off_line_is_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    ResultsFile(path, "BFCL", "x").add(BenchmarkItem("one", "", None), "answer", [1.0])
    with path.open("a") as file:
        file.write('{"key": "tw')
    again = ResultsFile(path, "BFCL", "x")
    assert ("one" in again, "two" in again, len(again.scored)) == (True, False, 1)
    with pytest.raises(BadInput, match="something else"):
        ResultsFile(path, "MME", "x")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["nothing"], "There is no benchmark"),
        (["MME"], "takes --data"),
        (["MME", "--data", "none"], "takes --data"),
    ],
)
def test_what_cannot_be_measured_is_said(arguments: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", *arguments]) == 2
    assert error in capsys.readouterr().err
