"""Tests that go by the wall clock have the machine to themselves, and every test runs once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import IN_REAL_TIME

ROOT = Path(__file__).parent.parent
CONFTEST = """
from tests import processes
from tests.processes import pytest_collection_modifyitems, pytest_xdist_make_scheduler
processes.IN_REAL_TIME = ("checks/test_a_clock.py", "checks/test_b_clock.py")
"""
CHECKS = """
import os, time
import pytest

@pytest.mark.parametrize("number", range(COUNT))
def test_it(number):
    began = time.monotonic()
    time.sleep(0.02)
    line = f"{__file__} {number} {os.environ['PYTEST_XDIST_WORKER']} {began} {time.monotonic()}"
    with open(f"{os.environ['LOG']}/{os.getpid()}", "a") as log:
        print(line, file=log)
"""


def test_tests_in_real_time_run_last_and_alone(tmp_path: Path) -> None:
    checks, log = tmp_path / "checks", tmp_path / "log"
    checks.mkdir()
    log.mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    (checks / "conftest.py").write_text(CONFTEST)
    for name, count in {"a_clock": 3, "b_clock": 1, "c": 1, "d": 9, "e": 2, "f": 5}.items():
        (checks / f"test_{name}.py").write_text(CHECKS.replace("COUNT", str(count)))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LOG": str(log), "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "checks"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "21 passed" in done.stdout, done.stdout + done.stderr
    ran = [line.split() for file in log.iterdir() for line in file.read_text().splitlines()]
    spans = sorted(
        (float(began), float(ended), file.endswith("clock.py"), process) for file, _, process, began, ended in ran
    )
    assert len({process for *_, process in spans}) == 2
    assert [by_clock for _, _, by_clock, _ in spans] == [False] * 17 + [True] * 4
    last_of_others = max(ended for _, ended, by_clock, _ in spans if not by_clock)
    alone = [span for span in spans if span[2]]
    assert alone[0][0] >= last_of_others
    assert len({process for *_, process in alone}) == 1


@pytest.mark.parametrize("file", IN_REAL_TIME)
def test_the_listed_files_exist(file: str) -> None:
    assert (ROOT / file).is_file()
