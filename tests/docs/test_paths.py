"""Every path of the repository that the documentation or a docstring names exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.test_shape import PACKAGES, ROOT, named, python_files, repository_files

FOLDERS = "|".join((*PACKAGES, "tests", "benchmarks", "examples", "install", "docs"))
# A folder with its slash, or a file with its ending; names in capitals stand for any name, as `x` and `y` do.
PATH = re.compile(rf"(?<![\w/.-])(?:{FOLDERS})/(?:[\w.-]+/)*(?:[\w-]+\.(?:py|js|md|h|cpp|sh|toml|json|gif|png|svg)\b)?")
ANY_NAME = re.compile(r"\b[A-Z]{4,}\.|/x/|test_y")


def missing(text: str) -> Iterator[str]:
    for path in PATH.findall(text):
        if not (ROOT / path).exists() and not ANY_NAME.search(path):
            yield path


def test_every_path_that_the_documentation_names_exists() -> None:
    texts = [path for path in repository_files() if path.suffix == ".md"]
    assert [f"{named(path)}: {each}" for path in texts for each in missing(path.read_text())] == []


def test_every_path_that_a_source_file_names_exists() -> None:
    texts = [path for path in python_files() if path != Path(__file__)]
    assert [f"{named(path)}: {each}" for path in texts for each in missing(path.read_text())] == []


def test_a_missing_path_would_be_found() -> None:
    assert list(missing("see `stream/lanes.py`, `ui/page/old/` and `ui/page/`, not `tests/x/test_y.py`")) == [
        "stream/lanes.py",
        "ui/page/old/",
    ]
