"""A running server with its real models, and files to send to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.models.weights import WeightStore
from tests.browser.served import Server
from tests.media_files import write_media


@pytest.fixture(scope="module")
def server(home: Path, weights: WeightStore) -> Iterator[Server]:
    running = Server(home)
    yield running
    running.close()


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_media(tmp_path_factory.mktemp("media"))
