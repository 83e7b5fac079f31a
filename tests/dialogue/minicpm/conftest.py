"""Tiny checkpoints of every kind, written once a run, and the models they make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from dialogue.engines.minicpm3 import MiniCPM3Engine, MiniCPM3Model
from dialogue.llm.checkpoints.vocabulary import Vocabulary
from dialogue.llm.sampling import SamplingConfig
from dialogue.minicpm.checkpoints.kind import Kind
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.checkpoints.opening import open_model
from dialogue.minicpm.tiny.checkpoint import write_tiny
from dialogue.tools.toolbox import Toolbox
from tests.dialogue.conftest import run_here
from tests.dialogue.minicpm.scripted_model import Made, Rule, ScriptedModel


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


@pytest.fixture(scope="session")
def text3_words(tiny: Callable[[Kind], Path]) -> Vocabulary:
    return Vocabulary(tiny(Kind.TEXT3) / "tokenizer.json")


@pytest.fixture
def made(text3_words: Vocabulary) -> Made:
    """A rule -> an engine whose model follows it, and the model."""

    def make(rule: Rule, toolbox: Toolbox | None = None, limit: int = 4096) -> tuple[MiniCPM3Engine, ScriptedModel]:
        model = ScriptedModel(text3_words, rule)
        engine = MiniCPM3Engine(MiniCPM3Model(cast(Any, model), text3_words, limit), run_here, SamplingConfig())
        engine.equip(toolbox or Toolbox(clock=lambda: datetime(2026, 3, 1, 14, 5)))
        return engine, model

    return make
