"""MiniCPM3 engines whose model follows a rule, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from dialogue.engines.minicpm.minicpm3 import MiniCPM3Engine, MiniCPM3Model
from dialogue.llm.checkpoints.vocabulary import Vocabulary
from dialogue.llm.sampling import SamplingConfig
from dialogue.minicpm.kind import Kind
from dialogue.tools.toolbox import Toolbox
from tests.dialogue.conftest import run_here
from tests.dialogue.minicpm.scripted_model import Made, Rule, ScriptedModel


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
