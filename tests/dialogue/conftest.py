"""The small language model, opened once for all tests that talk to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from dialogue.engines.local_llm import LocalLlm
from dialogue.llm.language_model import LanguageModel, open_language_model
from tests.dialogue.tiny_models import model, tiny

__all__ = ["model", "tiny"]

T = TypeVar("T")


async def run_here(step: Callable[..., T], *args: Any) -> T:
    """A Runner without a thread: the step runs at once."""
    return step(*args)


@pytest.fixture(scope="session")
def runner() -> Any:
    return run_here


@pytest.fixture(scope="session")
def smollm2_path(weights: Any) -> Path:
    return Path(weights.path("smollm2-135m-instruct"))


@pytest.fixture(scope="session")
def smollm2(smollm2_path: Path) -> LanguageModel:
    return open_language_model(smollm2_path)


@pytest.fixture(scope="session")
def llm(smollm2: LanguageModel) -> LocalLlm:
    """What sessions of the small engine share."""
    return LocalLlm(smollm2, 1024, phrase_descriptions=False)
