"""Files to send to a server, and a log that commands leave as it was."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media_files import write_media


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_media(tmp_path_factory.mktemp("media"))


@pytest.fixture(autouse=True)
def unlimited_log() -> Iterator[None]:
    """`omnilive run` limits the records of this process's log; the next test has them all."""
    filters = [(handler, list(handler.filters)) for handler in logging.getLogger().handlers]
    yield
    for handler, before in filters:
        handler.filters[:] = before
