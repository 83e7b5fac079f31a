"""Fixtures: tiny checkpoints of MiniCPM's siblings, written once per run, and the models loaded from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dialogue.image_text.image_text_model import ImageTextModel, open_image_text_model
from dialogue.image_text.tiny import write_tiny_sibling


@pytest.fixture(scope="session")
def sibling(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Model type -> folder of a tiny checkpoint, which tests must not change."""
    made: dict[str, Path] = {}

    def folder(kind: str) -> Path:
        if kind not in made:
            made[kind] = write_tiny_sibling(kind, tmp_path_factory.mktemp(kind))
        return made[kind]

    return folder


@pytest.fixture(scope="session")
def open_model(sibling: Callable[[str], Path]) -> Callable[[str], ImageTextModel]:
    """Model type -> the tiny model, shared by all tests as a real one is by all sessions."""
    made: dict[str, ImageTextModel] = {}

    def opened(kind: str) -> ImageTextModel:
        if kind not in made:
            made[kind] = open_image_text_model(sibling(kind), "float32")
        return made[kind]

    return opened


@pytest.fixture
def rgb() -> np.ndarray:
    """640 x 480: more than one slice."""
    return np.random.default_rng(7).integers(0, 256, (480, 640, 3), dtype=np.uint8)
