"""The built wheel, in an environment without this checkout and started from another folder: everything is inside.

The environment sees the libraries of the tests' environment, but not the editable install: a line of a .pth file is a
folder, and .pth files inside that folder are not read.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
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
NATIVE = Path("dialogue/llm/native")
PACKAGES = ("audio", "dialogue", "stream", "ui", "vision")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what git keeps, so that nothing else gets in and nothing is left here.

    A compiled step that is up to date is put where setup.py would compile it to, which takes half a minute.
    """
    source, wheels = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheels")
    for path in repository_files():
        copy = source / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    step = up_to_date_step()
    if step is not None:
        where = f"lib.{sysconfig.get_platform()}-{sys.implementation.cache_tag}"
        compiled = source / "build" / where / NATIVE / f"decode_step{sysconfig.get_config_var('EXT_SUFFIX')}"
        compiled.parent.mkdir(parents=True)
        shutil.copyfile(step, compiled)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-index"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, source], check=True)
    [built] = wheels.glob("omnilive-*.whl")
    return built


def up_to_date_step() -> Path | None:
    sources = [path for path in (ROOT / NATIVE).iterdir() if path.suffix in (".cpp", ".h") or path.name == "build.py"]
    newest = max(source.stat().st_mtime for source in sources)
    return next((step for step in (ROOT / NATIVE).glob("decode_step*.so") if step.stat().st_mtime >= newest), None)


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
    compiled = [name for name in names if name.startswith(f"{NATIVE}/decode_step") and name.endswith(".so")]
    assert len(compiled) == (up_to_date_step() is not None or shutil.which("g++") is not None)
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
    """`omnilive run` with the real models warms up, serves and shuts down in order. Tests ui/commands/run.py too."""
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
            printed = ""
            while not (address := re.search(r"http://127\.0\.0\.1:\d+/", printed)):
                line = process.stdout.readline()
                assert line, "the server ended before it was ready: " + (tmp_path / "stderr").read_text()
                printed += line
            with urllib.request.urlopen(f"{address.group()}healthz", timeout=30) as answer:
                health = json.load(answer)
            assert (health["status"], health["setup"]) == ("ok", "laptop")
            with urllib.request.urlopen(address.group(), timeout=30) as page:
                assert b"<html" in page.read()
            for name in ("page/app.js", "page/styles/style.css"):
                with urllib.request.urlopen(address.group() + name, timeout=30) as answer:
                    assert answer.read()
            process.send_signal(signal.SIGINT)
            printed += process.stdout.read()
            process.wait(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "Nothing that you say or show leaves this machine." in printed
    assert (tmp_path / "stderr").read_text() == ""
