"""Functions named on the command line: in modules, in files, and what is said about mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialogue.errors import BadInput
from stream.tools.named_tools import tool_named


def test_a_function_of_a_module() -> None:
    tool = tool_named("tests.stream.tools.test_named_tools:greet")
    assert (tool.name, tool.description, tool.required) == ("greet", "Greet somebody.", ["name"])
    assert tool.run(name="Ann") == "Hello, Ann"


def greet(name: str) -> str:
    """Greet somebody."""
    return f"Hello, {name}"


def test_a_function_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text('def twice(n: int) -> int:\n    """Double it."""\n    return 2 * n\n')
    assert tool_named(f"{tmp_path}/mine.py:twice").run(n=4) == 8


def test_a_module_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tools_of_this_folder.py").write_text('def one() -> int:\n    """One."""\n    return 1\n')
    monkeypatch.chdir(tmp_path)
    assert tool_named("tools_of_this_folder:one").run() == 1


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("json", "module:function"),
        (":x", "module:function"),
        ("no_such_module_here:x", "cannot be imported"),
        ("json:no_such", "has no no_such"),
        ("json:decoder", "not a function"),
        ("/no/such.py:x", "There is no file"),
        ("builtins:print", "name each of them"),
    ],
)
def test_a_mistake_is_named(name: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        tool_named(name)
