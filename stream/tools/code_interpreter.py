"""The function `run_python`: a model writes code where its own arithmetic does not reach, and reads what it prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from dialogue.errors import BadInput
from dialogue.tools.tool import Tool
from stream.tools.sandbox import run_code, why_not

MOST_FILES = 20


def code_interpreter(files: Sequence[Path] = ()) -> Tool:
    """The tool, with `files` that the code may read. Raises BadInput where this machine cannot isolate code, and for a
    file that is not there."""
    if problem := why_not():
        raise BadInput(problem)
    if missing := [path for path in files if not path.is_file()]:
        raise BadInput(f"There is no file {missing[0]}.")
    if len({path.name for path in files}) < len(files) or len(files) > MOST_FILES:
        raise BadInput(f"The code can read at most {MOST_FILES} files, each with a name of its own.")

    def run_python(code: Annotated[str, "a whole program that prints its result"]) -> dict[str, str]:
        """Run Python for sums, dates, statistics and tables. It has no network and keeps nothing between calls."""
        ran = run_code(code, files)
        return {"printed": ran.output, "error": ran.error} if ran.error else {"printed": ran.output}

    tool = Tool.of(run_python)
    if not files:
        return tool
    names = ", ".join(f"files/{path.name}" for path in files)
    return Tool(tool.name, f"{tool.description} It can read {names}.", tool.parameters, tool.run)
