"""Progress in a log file is one line per download."""

from __future__ import annotations

import pytest

from ui.host.progress import bars


def test_a_log_file_gets_one_line_per_download(capsys: pytest.CaptureFixture[str]) -> None:
    with bars() as progress:
        for done in range(0, 71, 7):
            progress("asr", done * 1_000_000, 70_000_000)
        progress("detector", 0, 5_000_000)
    assert capsys.readouterr().err.splitlines() == ["downloading asr (70 MB)", "downloading detector (5 MB)"]


def test_without_a_download_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with bars():
        pass
    assert capsys.readouterr().err == ""
