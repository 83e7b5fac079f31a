"""What the project says about others' work agrees with what it installs and imports."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from stream.models.fetching.weights_table import TABLE

ROOT = Path(__file__).parent.parent
PACKAGES = ("audio", "vision", "dialogue", "stream", "ui")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_pinned_library_and_every_model_is_named() -> None:
    text = normal((ROOT / "THIRD_PARTY.md").read_text())
    pinned = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert len(pinned) > 50
    assert [name for name in pinned if f"[{normal(name)}]" not in text] == []
    for weights in TABLE:
        for wheel in weights.wheels[:1]:
            assert wheel.name in text
            assert normal(wheel.version) in text


def test_what_is_imported_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [name for extra in project["optional-dependencies"].values() for name in extra]
    declared = {normal(re.split(r"[\[<>=~ ]", name)[0]) for name in [*project["dependencies"], *extras]}
    owners = metadata.packages_distributions()
    imported = {
        name: path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for name in top_names(ast.parse(path.read_text()))
        if name not in sys.stdlib_module_names and name not in (*PACKAGES, "omnilive")
    }
    stray = {
        f"{name} in {path.relative_to(ROOT)}"
        for name, path in imported.items()
        if not {normal(owner) for owner in owners.get(name, [name])} & declared
    }
    assert stray == set()


def top_names(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names
