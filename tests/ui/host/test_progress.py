"""Progress in a log file: one line a download, however often it is told."""

from __future__ import annotations

import pytest

from ui.host.progress import bars


def test_a_log_file_gets_one_line_a_download(capsys: pytest.CaptureFixture[str]) -> None:
    with bars() as progress:
        for done in range(0, 71, 7):
            progress("ear", done * 1_000_000, 70_000_000)
        progress("eye", 0, 5_000_000)
    assert capsys.readouterr().err.splitlines() == ["fetching ear (70 MB)", "fetching eye (5 MB)"]


def test_nothing_to_fetch_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with bars():
        pass
    assert capsys.readouterr().err == ""
