"""The function that runs code is offered where code can be isolated, and says so where it cannot.

Also tests `stream/replies/tool_runs.py`.
"""

from __future__ import annotations

import asyncio
import base64
import json
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from dialogue.errors import BadInput
from dialogue.tools.toolbox import Toolbox
from stream.replies.tool_runs import show_drawn
from stream.runtime.events import Expressed
from stream.runtime.link import Link
from stream.tools import code_interpreter as module
from stream.tools.code_interpreter import code_interpreter
from stream.tools.sandbox import HOW_TO_INSTALL, why_not
from tests.dialogue.tools.test_built_in_tools import tools
from ui.realtime.message_size import within_size
from ui.realtime.wire import to_wire

isolated = pytest.mark.skipif(bool(why_not()), reason=why_not() or "code can be isolated here")


@isolated
def test_the_model_reads_what_the_code_printed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1\n2\n")
    tool = code_interpreter([tmp_path / "a.csv"])
    assert "files/a.csv" in tool.description
    assert tool.run(code="print(sum(map(int, open('files/a.csv'))))").result == {"printed": "3\n"}
    assert tool.run(code="x").result == {"printed": "", "error": "NameError: name 'x' is not defined"}


DRAWS = """
import matplotlib.pyplot as plt
plt.bar(["a", "b"], [1, 3])
plt.show()
print("drawn")
"""
NO_PICTURE = "open('a.png', 'wb').write(b'no picture'); open('b.png', 'wb').write(b'x' * 2_000_000)"


@isolated
def test_a_chart_reaches_the_page_and_the_model_reads_that_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.tools.sandbox.WALL_S", 60.0)
    events = list[Expressed]()
    toolbox = Toolbox(
        user_tools=(code_interpreter(),), show=partial(show_drawn, Link(lambda: 0.0, events.append)), in_background=None
    )
    [run_python] = [tool for tool in tools(toolbox) if tool.name == "run_python"]
    result = asyncio.run(run_python.run(code=DRAWS))
    assert result == {"printed": "drawn\n", "charts shown": 1}
    [message] = [to_wire(event) for event in events]
    assert message["type"] == "drawn"
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(message["picture"]), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.std() > 20
    [whole] = within_size(message)
    assert json.loads(whole) == message


@isolated
def test_what_is_no_picture_is_not_shown() -> None:
    ran = code_interpreter().run(code=NO_PICTURE)
    assert (ran.pictures, ran.result) == ((), {"printed": "2000000\n"})


@isolated
def test_files_must_be_there_and_have_names_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for path in (tmp_path / "a.csv", tmp_path / "b" / "a.csv"):
        path.touch()
    with pytest.raises(BadInput, match="no file"):
        code_interpreter([tmp_path / "nowhere"])
    with pytest.raises(BadInput, match="name of its own"):
        code_interpreter([tmp_path / "a.csv", tmp_path / "b" / "a.csv"])


def test_it_is_not_offered_where_code_cannot_be_isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.tools.sandbox.shutil.which", lambda _: None)
    why_not.cache_clear()
    try:
        assert why_not() == f"{HOW_TO_INSTALL}."
        monkeypatch.setattr(module, "why_not", why_not)
        with pytest.raises(BadInput, match="bubblewrap"):
            code_interpreter()
    finally:
        why_not.cache_clear()
