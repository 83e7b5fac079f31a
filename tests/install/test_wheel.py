"""The built wheel, in an environment without this checkout and started from another folder: everything is inside.

The environment sees the libraries of the tests' environment, but not the editable install: a line of a .pth file is a
folder, and .pth files inside that folder are not read.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

from stream.models.weights import WeightStore
from tests.test_shape import repository_files

ROOT = Path(__file__).parents[2]
PACKAGES = ("audio", "dialogue", "stream", "ui", "vision")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what git keeps, so that nothing else gets in and nothing is left here."""
    source, wheels = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheels")
    for path in repository_files():
        copy = source / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-index"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, source], check=True)
    [built] = wheels.glob("omnilive-*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `python` and `omnilive` of an environment in which only the wheel is installed."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True, with_pip=False)
    python = folder / "bin" / "python"
    subprocess.run([sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", wheel], check=True)
    [libraries] = folder.glob("lib/python*/site-packages")
    (libraries / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


@pytest.fixture
def environment(weights: WeightStore) -> dict[str, str]:
    without = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**without, "OMNILIVE_HOME": str(weights.folder.parent), "PYTHONUNBUFFERED": "1"}


def test_the_wheel_holds_page_weights_native_sources_and_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    kept = {str(path.relative_to(ROOT)) for path in repository_files()}
    assert {name for name in kept if name.startswith(PACKAGES) or name == "omnilive.py"} <= names
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    for stray in ("tests/", "benchmarks/", "examples/", "docs/", "install/"):
        assert not [name for name in names if name.startswith(stray)]


def test_the_command_works_from_another_folder(programs: Path, environment: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [programs / "omnilive", "doctor"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 problems" in done.stdout


def test_the_class_works_from_another_folder(programs: Path, environment: dict[str, str], tmp_path: Path) -> None:
    program = """
from omnilive import Assistant
import omnilive

print(omnilive.__file__)
with Assistant() as assistant:
    print(assistant.chat([{"role": "user", "content": "What is 12 times 3?"}]))
"""
    command = [str(programs / "python"), "-c", program]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    place, answer = done.stdout.splitlines() or (done.stderr, "")
    assert Path(place).is_relative_to(programs.parent)
    assert "36" in answer


def test_the_page_is_served_from_another_folder(programs: Path, environment: dict[str, str], tmp_path: Path) -> None:
    with subprocess.Popen(
        [programs / "omnilive", "run", "--port", "0"],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=(tmp_path / "stderr").open("w"),
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            line = next((line for line in process.stdout if "http://" in line), "")
            address = re.search(r"http://127\.0\.0\.1:\d+/", line)
            assert address is not None, (tmp_path / "stderr").read_text()
            for name in ("", "page/app.js", "page/styles/style.css"):
                with urllib.request.urlopen(address[0] + name, timeout=30) as answer:
                    assert answer.read()
        finally:
            process.kill()
