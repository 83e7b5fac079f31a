"""The function that runs code is offered where code can be isolated, and says so where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialogue.errors import BadInput
from stream.tools import code_interpreter as module
from stream.tools.code_interpreter import code_interpreter
from stream.tools.sandbox import HOW_TO_INSTALL, why_not

isolated = pytest.mark.skipif(bool(why_not()), reason=why_not() or "code can be isolated here")


@isolated
def test_the_model_reads_what_the_code_printed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1\n2\n")
    tool = code_interpreter([tmp_path / "a.csv"])
    assert "files/a.csv" in tool.description
    assert tool.run(code="print(sum(map(int, open('files/a.csv'))))") == {"printed": "3\n"}
    assert tool.run(code="x") == {"printed": "", "error": "NameError: name 'x' is not defined"}


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
