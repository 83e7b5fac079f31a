"""Files to send to a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.media_files import write_media


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_media(tmp_path_factory.mktemp("media"))
