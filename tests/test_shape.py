"""The shape of the code base: lengths of files and functions, names, tasks, clocks. `test_rooms.py` holds imports."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("audio", "vision", "dialogue", "stream", "ui")
LEAVES = ("audio", "vision", "dialogue")
MOST_LINES = 300
MOST_LINES_OF_A_FUNCTION = 60
NAMES_THAT_SAY_NOTHING = {"utils", "helpers", "manager", "misc", "common", "base"}


def product_files() -> Iterator[Path]:
    yield ROOT / "omnilive.py"
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def python_files() -> list[Path]:
    folders = ("tests", "benchmarks", "install", "examples", "docs")
    others = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in (*product_files(), *others) if path.exists()]


def repository_files() -> Iterator[Path]:
    """Every file that git keeps, or would keep once it is added."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout, so which files belong to it is not known")
    yield from (path for name in filter(None, listing.stdout.split("\0")) if (path := ROOT / name).is_file())


def repository_texts() -> Iterator[tuple[Path, str]]:
    for path in repository_files():
        try:
            yield path, path.read_text()
        except UnicodeDecodeError:
            continue


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def called(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """(last two names of the callee, line) of every call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ".".join(ast.unparse(node.func).split(".")[-2:]), node.lineno


@pytest.fixture(
    scope="module", params=[pytest.param(path, id=named(path)) for path in product_files() if path.exists()]
)
def product_file(request: pytest.FixtureRequest) -> tuple[Path, ast.Module]:
    path: Path = request.param
    return path, ast.parse(path.read_text())


def test_tasks_and_threads_are_owned_by_stream_and_ui(product_file: tuple[Path, ast.Module]) -> None:
    path, tree = product_file
    if path.relative_to(ROOT).parts[0] not in LEAVES:
        return
    starters = {"create_task", "ensure_future", "run_in_executor", "to_thread", "Thread", "ThreadPoolExecutor"}
    strays = [f"{name} in line {line}" for name, line in called(tree) if name.split(".")[-1] in starters]
    assert not strays


def test_nothing_reads_the_wall_clock_or_the_environment(product_file: tuple[Path, ast.Module]) -> None:
    path, tree = product_file
    calls = {name: line for name, line in called(tree) if name in {"time.time", "datetime.now", "datetime.utcnow"}}
    edge = path.relative_to(ROOT).parts[0] in ("ui", "omnilive.py")
    assert edge or not calls
    if not edge:
        source = path.read_text()
        assert "os.environ" not in source
        assert "getenv" not in source


def test_a_file_starts_with_a_docstring(product_file: tuple[Path, ast.Module]) -> None:
    path, tree = product_file
    assert path.stem not in NAMES_THAT_SAY_NOTHING
    assert ast.get_docstring(tree), "the file says nothing about itself"


@pytest.mark.parametrize("path", python_files(), ids=named)
def test_files_and_functions_are_short(path: Path) -> None:
    source = path.read_text()
    assert len(source.splitlines()) <= MOST_LINES
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MOST_LINES_OF_A_FUNCTION, f"{node.name} in line {node.lineno} has {length} lines"


def test_the_tree_names_no_registry_host_and_no_machine() -> None:
    # Put together here, so that this file does not name them either.
    hosts = [a + b for a, b in [("py", "pi.org"), ("python", "hosted"), ("npm", "js.org"), ("deb.", "debian.org")]]
    wheels_host = "download." + "pytorch"
    folders = ["/" + "work/", "/" + "root/"]
    found = [
        f"{named(path)}: {word}"
        for path, text in repository_texts()
        for word in [*hosts, wheels_host, *folders]
        if word in text
    ]
    assert not found


def test_the_tree_has_no_marks_of_unfinished_work() -> None:
    marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
    found = [f"{named(path)}: {mark}" for path, text in repository_texts() for mark in marks if mark in text]
    assert not found
