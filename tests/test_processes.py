"""Tests in real time run one by one in two processes, before all others have the processor; every test runs once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import IN_REAL_TIME, LOWER_BY, WAITED_FOR

ROOT = Path(__file__).parent.parent
CONFTEST = """
from tests import processes
from tests.processes import (
    pytest_addoption, pytest_collection_finish, pytest_collection_modifyitems, pytest_runtest_setup,
    pytest_xdist_make_scheduler,
)
processes.ORDER = {"checks/test_e_clock.py": 0, "checks/test_d_clock.py": 1, "checks/test_g_waiting_clock.py": 2}
processes.WAITING = ("checks/test_g_waiting_clock.py",)
processes.WAITED_FOR = ("checks/test_p",)
"""
CHECKS = """
import os, time
import pytest

@pytest.mark.parametrize("number", range(COUNT))
def test_it(number):
    began = time.monotonic()
    time.sleep(0.02)
    line = f"{__file__} {os.environ['PYTEST_XDIST_WORKER']} {os.getpriority(os.PRIO_PROCESS, 0)} {began}"
    with open(f"{os.environ['LOG']}/{os.getpid()}", "a") as log:
        print(line, file=log)
"""


def pytest_in(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What pytest says of the folder's `checks`, without the plugins that take seconds to load."""
    own = {"PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--import-mode=importlib",
        "-p",
        "xdist.plugin",
        *options,
        "checks",
    ]
    environment = {**os.environ, **own, **variables}
    return subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def test_tests_in_real_time_run_one_by_one_and_have_the_higher_priority(tmp_path: Path) -> None:
    checks, log = tmp_path / "checks", tmp_path / "log"
    checks.mkdir()
    log.mkdir()
    (checks / "conftest.py").write_text(CONFTEST)
    for name, count in {"a": 1, "b": 9, "c": 2, "d_clock": 3, "e_clock": 1, "f": 5, "g_waiting_clock": 4}.items():
        (checks / f"test_{name}.py").write_text(CHECKS.replace("COUNT", str(count)))
    done = pytest_in(tmp_path, "-n", "3", "-p", "no:cacheprovider", LOG=str(log))
    assert done.returncode == 0 and "25 passed" in done.stdout, done.stdout
    lines = [line.split() for file in log.iterdir() for line in file.read_text().splitlines()]
    ran = sorted((float(began), Path(file).stem, process, int(niceness)) for file, process, niceness, began in lines)
    assert len({process for _, _, process, _ in ran}) == 3
    [waiting] = {process for _, file, process, _ in ran if file.endswith("waiting_clock")}
    [calls] = {process for _, file, process, _ in ran if file.endswith("clock")} - {waiting}
    first = [file for _, file, process, _ in ran if process == calls][:4]
    assert first == ["test_e_clock", *["test_d_clock"] * 3], "before all others of this process, in the given order"
    assert [file for _, file, process, _ in ran if process == waiting][:4] == ["test_g_waiting_clock"] * 4
    spans = [(file.endswith("clock"), niceness) for _, file, _, niceness in ran]
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert {niceness for by_clock, niceness in spans if by_clock} == {own}
    assert {niceness for by_clock, niceness in spans if not by_clock} == {min(own + LOWER_BY, 19)}


@pytest.mark.parametrize(
    ("failing", "again"), [("d_clock", 0), ("page", 0), ("a", 1)], ids=["in real time", "of a page", "another"]
)
def test_only_tests_that_wait_run_a_second_time(tmp_path: Path, failing: str, again: int) -> None:
    checks = tmp_path / "checks"
    checks.mkdir()
    (checks / "conftest.py").write_text(CONFTEST)
    for name in ("a", "d_clock", "page"):
        check = f"import os\ndef test_it():\n    assert 'AGAIN' in os.environ or {name != failing}\n"
        (checks / f"test_{name}.py").write_text(check)
    assert pytest_in(tmp_path, "-n", "0").returncode == 1
    again_alone = ("-n", "0", "--last-failed", "--last-failed-no-failures=none", "--waiting-only")
    done = pytest_in(tmp_path, *again_alone, AGAIN="1")
    assert done.returncode == again, done.stdout


@pytest.mark.parametrize("file", (*IN_REAL_TIME, *WAITED_FOR))
def test_the_listed_files_exist(file: str) -> None:
    assert (ROOT / file).exists()
