"""The command line and the output that all benchmarks share."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from benchmarks.report import benchmark_parser, report

ROOT = Path(__file__).parents[2]
SCRIPTS = [
    path
    for path in sorted((ROOT / "benchmarks").glob("*.py"))
    if 'if __name__ == "__main__":' in path.read_text(encoding="utf-8")
]


def test_figures_are_printed_and_written_as_one_flat_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.json"
    options = benchmark_parser("What it measures.").parse_args(["--json", str(file)])
    report({"turns": 3, "latency_ms": 12.5}, options.json)
    assert json.loads(file.read_text(encoding="utf-8")) == {"turns": 3, "latency_ms": 12.5}
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [["turns", "3"], ["latency_ms", "12.5"]]


def test_without_a_file_figures_are_only_printed(capsys: pytest.CaptureFixture[str]) -> None:
    report({"turns": 3}, benchmark_parser("What it measures.").parse_args([]).json)
    assert capsys.readouterr().out.split() == ["turns", "3"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_every_benchmark_uses_the_shared_command_line_and_output(script: Path) -> None:
    calls = [
        node.func for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    names = {func.id for func in calls if isinstance(func, ast.Name)}
    assert "benchmark_parser" in names, "the script takes --json FILE"
    assert names & {"report", "write"}, "the script writes its figures there"
    assert "ArgumentParser" not in {func.attr for func in calls if isinstance(func, ast.Attribute)}


def test_every_benchmark_is_described_in_the_readme() -> None:
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert len(SCRIPTS) >= 8
    assert [script.name for script in SCRIPTS if f"| `{script.name}` |" not in text] == []
