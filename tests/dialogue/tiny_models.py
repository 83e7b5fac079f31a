"""Tiny checkpoints of the MiniCPM family, written once a run, and the models they make."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.checkpoints.opening import open_model
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.checkpoint import write_tiny


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Kind], Path]:
    """Kind -> folder of a tiny checkpoint; nobody may write into it."""
    made: dict[Kind, Path] = {}

    def folder(kind: Kind) -> Path:
        if kind not in made:
            made[kind] = write_tiny(kind, tmp_path_factory.mktemp(kind.name))
        return made[kind]

    return folder


@pytest.fixture(scope="session")
def model(tiny: Callable[[Kind], Path]) -> Callable[[Kind], MiniCPM]:
    """Kind -> the tiny model, shared by all tests as it would be by all sessions."""
    made: dict[Kind, MiniCPM] = {}

    def opened(kind: Kind) -> MiniCPM:
        if kind not in made:
            made[kind] = open_model(tiny(kind))
        return made[kind]

    return opened
