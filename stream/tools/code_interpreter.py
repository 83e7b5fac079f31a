"""The function `run_python`: a model writes code where its own arithmetic does not reach, and reads what it prints."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from dialogue.errors import BadInput
from dialogue.tools.tool import Illustrated, Tool
from stream.media.media_file import read_picture
from stream.tools.sandbox import run_code, why_not
from vision.thumbnail import thumbnail

MOST_FILES = 20
SIDES, MOST_BYTES = (960, 640, 480, 320), 40_000  # of a shown picture: pixels, and bytes of its JPEG


def shown_picture(data: bytes) -> bytes | None:
    """The picture as a JPEG that a page's channel takes; None for what is no picture."""
    with tempfile.TemporaryDirectory() as folder:
        (path := Path(folder) / "picture").write_bytes(data)
        try:
            rgb = read_picture(path).rgb
        except (BadInput, ValueError):
            return None
    made = [thumbnail(rgb, side) for side in SIDES]
    return next((jpeg for jpeg in made if len(jpeg) <= MOST_BYTES), None)


def code_interpreter(files: Sequence[Path] = ()) -> Tool:
    """The tool, with `files` that the code may read. Raises BadInput where this machine cannot isolate code, and for a
    file that is not there."""
    if problem := why_not():
        raise BadInput(problem)
    if missing := [path for path in files if not path.is_file()]:
        raise BadInput(f"There is no file {missing[0]}.")
    if len({path.name for path in files}) < len(files) or len(files) > MOST_FILES:
        raise BadInput(f"The code can read at most {MOST_FILES} files, each with a name of its own.")

    def run_python(code: Annotated[str, "a whole program that prints its result"]) -> Illustrated:
        """Run Python for sums, dates, statistics, tables and charts (matplotlib). The user sees the charts. It has no
        network and keeps nothing between calls."""
        ran = run_code(code, files)
        pictures = tuple(filter(None, map(shown_picture, ran.pictures)))
        result = {"printed": ran.output} | ({"error": ran.error} if ran.error else {})
        return Illustrated(result | ({"charts shown": len(pictures)} if pictures else {}), pictures)

    tool = Tool.of(run_python)
    if not files:
        return tool
    names = ", ".join(f"files/{path.name}" for path in files)
    return Tool(tool.name, f"{tool.description} It can read {names}.", tool.parameters, tool.run)
