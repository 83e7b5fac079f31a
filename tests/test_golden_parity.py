"""Parity with the published implementations, on golden data that is not part of the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.golden_parity import find_cases, main, run

BESIDE_THE_CHECKOUT = Path(__file__).parents[2] / "shared" / "goldens" / "public"
GOLDENS = Path(os.environ.get("OMNILIVE_GOLDENS", BESIDE_THE_CHECKOUT))
CASES = find_cases(GOLDENS)
MISSING = pytest.param(
    None,
    marks=pytest.mark.skip(reason="no golden data: put it beside the checkout or name its folder in OMNILIVE_GOLDENS"),
    id="all",
)


@pytest.mark.parametrize("folder", [pytest.param(case, id=case.name) for case in CASES] or [MISSING])
def test_golden_case(folder: Path) -> None:
    check = run(folder)
    assert not check.failures, "\n".join(check.failures)
    assert check.compared > 0


def test_a_folder_without_cases_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == "0 passed, 0 failed\n"


def test_an_unreadable_case_fails_and_the_others_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "99_nonsense").mkdir()
    (tmp_path / "99_nonsense" / "case.json").write_text('{"case": "99_nonsense"}')
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 1 failed"
