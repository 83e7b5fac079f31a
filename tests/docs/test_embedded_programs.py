"""Programs that tests and documents hold as text import names that exist: no type checker reads them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("audio", "vision", "dialogue", "stream", "ui", "tests", "benchmarks", "examples")
IMPORT = re.compile(rf"^\s*from ((?:{'|'.join(FOLDERS)}|omnilive)\b[\w.]*) import (\([^)]*\)|[^\n;#]+)", re.MULTILINE)


@cache
def names_of(module: str) -> frozenset[str]:
    """What can be imported from a module or package of this repository; empty if there is no such module."""
    path = ROOT / module.replace(".", "/")
    files = [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()]
    found = {each.stem for each in path.glob("*")} if path.is_dir() else set[str]()
    for node in [node for file in files for node in ast.walk(ast.parse(file.read_text()))]:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add(other or name)
    return frozenset(found)


def texts() -> Iterator[tuple[Path, str]]:
    yield from ((path, path.read_text()) for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
    for path in [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " import " in node.value:
                yield path, node.value


def test_what_programs_in_texts_import_exists() -> None:
    imports = [(path, found[1], found[2]) for path, text in texts() for found in IMPORT.finditer(text)]
    assert len(imports) > 30
    missing = [
        f"{path.relative_to(ROOT)}: {module} has no {name}"
        for path, module, wanted in imports
        for name in re.findall(r"(?<!as )\b(?!as\b)\w+", wanted)
        if name not in names_of(module)
    ]
    assert not missing
