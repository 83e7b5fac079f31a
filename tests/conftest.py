"""What many tests share: the real weights, from the cache that the assistant itself uses."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.models.fetching.language_weights import LANGUAGE_WEIGHTS
from stream.models.fetching.weights_table import QWEN
from stream.models.weights import WeightStore
from tests.browser.served import ServerProcess
from tests.processes import (
    pytest_addoption,
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_runtest_setup,
    pytest_xdist_make_scheduler,
)

__all__ = [
    "pytest_addoption",
    "pytest_collection_finish",
    "pytest_collection_modifyitems",
    "pytest_runtest_setup",
    "pytest_xdist_make_scheduler",
]

# Before torch is imported: with more threads than free cores, tiny products mostly wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# On every machine tests run with the same language model, which is small enough for all of them.
os.environ["OMNILIVE_MIND"] = "small"


@pytest.fixture(autouse=True)
def drawn_alike() -> None:
    """What models draw is the same in every run: one with random weights would else fall silent now and then."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(scope="session")
def home() -> Path:
    """The cache folder of this machine's user."""
    return Path(os.environ.get("OMNILIVE_HOME") or Path.home() / ".cache" / "omnilive")


@pytest.fixture(scope="session")
def weights(home: Path) -> WeightStore:
    """The store with the embedded weights in it, pulled first where they are missing; not the larger language model,
    nor the models of other languages.

    `weights.path("whisper-tiny.en")` is the file, or the folder, of a model.
    """
    store = WeightStore(home)
    others = (QWEN, *LANGUAGE_WEIGHTS)
    store.pull([listed.weights.name for listed in store.listing() if listed.weights not in others])
    return store


@pytest.fixture(scope="session")
def server(home: Path, weights: WeightStore) -> Iterator[ServerProcess]:
    """A running server with its real models; it starts when its `url` is first asked for."""
    running = ServerProcess(home)
    yield running
    running.close()
    log = "".join(running.log)
    assert "Traceback" not in log, log
    assert "never retrieved" not in log, log


@pytest.fixture(scope="session")
def language_weights(weights: WeightStore) -> WeightStore:
    """The same store with the models of other languages in it."""
    weights.pull([each.name for each in LANGUAGE_WEIGHTS])
    return weights
