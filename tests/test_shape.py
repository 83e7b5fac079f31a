"""The shape of the code base: lengths, names, tasks, clocks, where tests lie. `test_rooms.py` holds imports."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("audio", "vision", "dialogue", "stream", "ui")
LEAVES = ("audio", "vision", "dialogue")
MOST_LINES = 300
MOST_LINES_OF_A_FUNCTION = 60
# Files that the tests cannot run, and why.
NOT_RUN = {
    Path("stream/models/upgrade.py"): "it opens the larger language model, which the tests do not download",
    Path("stream/models/prepare.py"): "the process in which `upgrade.py` fetches and packs that model",
}
NAMES_THAT_SAY_NOTHING = {"utils", "helpers", "manager", "misc", "common", "base"}


def product_files() -> Iterator[Path]:
    yield ROOT / "omnilive.py"
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def python_files() -> list[Path]:
    folders = ("tests", "benchmarks", "install", "examples", "docs")
    others = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    built = ROOT / "examples" / "own_engine" / "build"  # left behind by pip, which installs it in a test
    return [path for path in (*product_files(), *others) if path.exists() and not path.is_relative_to(built)]


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


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def called(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """(last two names of the callee, line) of every call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ".".join(ast.unparse(node.func).split(".")[-2:]), node.lineno


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    """Every file of the product, parsed."""
    return {path: parsed(path) for path in product_files() if path.exists()}


def test_tasks_and_threads_are_owned_by_stream_and_ui(trees: dict[Path, ast.Module]) -> None:
    starters = {"create_task", "ensure_future", "run_in_executor", "to_thread", "Thread", "ThreadPoolExecutor"}
    strays = [
        f"{named(path)}, line {line}: {name}"
        for path, tree in trees.items()
        if path.relative_to(ROOT).parts[0] in LEAVES
        for name, line in called(tree)
        if name.split(".")[-1] in starters
    ]
    assert not strays


def test_nothing_reads_the_wall_clock_or_the_environment(trees: dict[Path, ast.Module]) -> None:
    inside = {
        path: tree for path, tree in trees.items() if path.relative_to(ROOT).parts[0] not in ("ui", "omnilive.py")
    }
    clocks = {"time.time", "datetime.now", "datetime.utcnow"}
    reads = [
        f"{named(path)}, line {line}: {name}"
        for path, tree in inside.items()
        for name, line in called(tree)
        if name in clocks
    ]
    assert not reads
    environment = {path: ("os.environ" in text, "getenv" in text) for path in inside for text in [path.read_text()]}
    assert [named(path) for path, reads in environment.items() if any(reads)] == []


def test_a_file_starts_with_a_docstring(trees: dict[Path, ast.Module]) -> None:
    assert [named(path) for path in trees if path.stem in NAMES_THAT_SAY_NOTHING] == []
    silent = [named(path) for path, tree in trees.items() if not ast.get_docstring(tree)]
    assert not silent, "these files say nothing about themselves"


def test_files_and_functions_are_short() -> None:
    files = python_files()
    long_files = [named(path) for path in files if len(path.read_text().splitlines()) > MOST_LINES]
    assert not long_files
    long_functions = [
        f"{named(path)}, line {node.lineno}: {node.name} has {length} lines"
        for path in files
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    ]
    assert not long_functions


def test_a_class_name_occurs_once() -> None:
    """Wherever the class lies, inside functions and other classes too: a name means one thing."""
    places: dict[str, list[str]] = {}
    for path in python_files():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(f"{named(path)}, line {node.lineno}")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_a_suppressed_type_error_has_a_reason() -> None:
    bare = [
        f"{named(path)}, line {number}"
        for path in python_files()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"#\s*type: ignore(?!\[[a-z, -]+\]  # \w)", line)
    ]
    assert not bare, "say why after it, or give the checker better types"


# What nothing in the product or in a benchmark names, and stays.
KEPT = {
    "SessionO45": "the reference of the parity cases",
    "check_argument_for_proper_class": "transformers calls it",
    "rescale_and_normalize": "transformers calls it",
}


def definitions(tree: ast.Module) -> Iterator[str]:
    """What a module defines; methods only of classes without a base, whose library may call them."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.decorator_list:
            yield node.name
        if isinstance(node, ast.ClassDef) and not node.bases:
            functions = (each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
            yield from (each.name for each in functions if not each.name.startswith("__"))


def test_all_that_is_defined_is_used(trees: dict[Path, ast.Module]) -> None:
    programs = (path for path in python_files() if path.relative_to(ROOT).parts[0] in ("benchmarks", "examples"))
    users = {*trees, *programs}
    used = Counter(word for path in users for word in re.findall(r"[A-Za-z_]\w*", path.read_text()))
    unused = [
        f"{named(path)}: {name}"
        for path, tree in trees.items()
        for name in definitions(tree)
        if used[name] < 2 and name not in KEPT
    ]
    assert not unused


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


def own_test(file: Path) -> Path:
    return Path("tests") / file.parent / f"test_{file.name}"


@pytest.fixture(scope="module")
def sources() -> list[Path]:
    """Files with code: no folder's `__init__.py`, and not the `__main__.py` that only starts the program."""
    files = [path.relative_to(ROOT) for path in product_files()]
    return [path for path in files if not path.name.startswith("__")]


@pytest.fixture(scope="module")
def docstrings() -> dict[Path, str]:
    """What the test files say about themselves, by their paths."""
    found = {path.relative_to(ROOT): path.read_text() for path in sorted((ROOT / "tests").rglob("test_*.py"))}
    return {path: ast.get_docstring(ast.parse(text)) or "" for path, text in found.items()}


def test_every_file_is_tested_in_its_own_test_file_or_where_another_one_says_so(
    sources: list[Path], docstrings: dict[Path, str]
) -> None:
    """A test of the same folder names the file, a test of another one gives its path (`stream/session/floor.py`)."""
    unnamed = [
        str(file)
        for file in sources
        if file not in NOT_RUN
        and own_test(file) not in docstrings
        and not any(
            f"`{file}`" in words or (test.parent == own_test(file).parent and f"`{file.name}`" in words)
            for test, words in docstrings.items()
        )
    ]
    assert not unnamed, "say in the docstring of the test file that exercises one: Also tests `this.py`."


def test_a_file_that_a_test_names_exists(docstrings: dict[Path, str], sources: list[Path]) -> None:
    known = set(map(str, sources))
    wrong = []
    for test, words in docstrings.items():
        _, _, named = words.partition("Also tests ")
        for name in named.split("`")[1::2]:
            file = name if "/" in name else str(test.parent.relative_to("tests") / name)
            if file not in known:
                wrong.append(f"{test}: {name}")
    assert not wrong
