"""Finds the functions that a user names as `module:function`, or `file.py:function`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from dialogue.errors import BadInput
from dialogue.tools.tool import Tool


def tool_named(name: str) -> Tool:
    """The tool of `module:function`. The module is imported, and may also be a file or lie in the current folder.

    Raises BadInput where there is none, or where its arguments cannot be described.
    """
    module_name, colon, attribute = name.rpartition(":")
    if not colon or not module_name or not attribute:
        raise BadInput(f"A tool is given as module:function, not as {name!r}.")
    found: Any = _module(module_name)
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise BadInput(f"{module_name} has no {attribute}; --tool takes the name of a function in it.")
        found = getattr(found, part)
    return found if isinstance(found, Tool) else Tool.of(_callable(found, name))


def _callable(found: object, name: str) -> Callable[..., Any]:
    if not callable(found):
        raise BadInput(f"{name} is {type(found).__name__}, not a function.")
    return found


def _module(name: str) -> ModuleType:
    try:
        if name.endswith(".py"):
            return _from_file(Path(name).expanduser())
        if "" not in sys.path and str(Path.cwd()) not in sys.path:
            sys.path.append(str(Path.cwd()))  # behind everything that is installed
        return importlib.import_module(name)
    except BadInput:
        raise
    except Exception as error:  # a user's module may raise anything
        raise BadInput(f"The module {name} cannot be imported: {type(error).__name__}: {error}.") from error


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise BadInput(f"There is no file {path}.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None, "a .py file has a loader"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
