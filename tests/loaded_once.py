"""Has the assistants and calls of many tests share the models that their setups share: ASR, voice, detector, reader,
and the embedded language model.

These hold no state of a call, and one process of tests loads each of them once instead of twenty times. Tests of
loading itself do not use this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dialogue.engines import local_chat_model
from dialogue.llm.language_model import open_language_model
from stream.models import parts
from stream.models.setup import Setup
from stream.models.weights import WeightStore

Load = Callable[[Setup, WeightStore], Any]


def once(load: Load, kind: Callable[[Setup], tuple[object, ...]]) -> Load:
    """Loads the models of one kind from one folder at the first call alone."""
    loaded: dict[tuple[object, ...], Any] = {}

    def shared(setup: Setup, store: WeightStore) -> Any:
        wanted = (store.folder, *kind(setup))
        if wanted not in loaded:
            loaded[wanted] = load(setup, store)
        return loaded[wanted]

    return shared


@cache
def language_model_once(path: Path, **opening: Any) -> Any:
    return open_language_model(path, **opening)


SHARED = {
    "_open_asr": once(parts._open_asr, lambda setup: (setup.asr, setup.capabilities.hears)),
    "_open_turn_end": once(parts._open_turn_end, lambda setup: (setup.capabilities.hears,)),
    "_open_vision": once(parts._open_vision, lambda setup: (setup.detector, setup.capabilities.sees)),
    "_open_voice": once(parts._open_voice, lambda setup: (setup.tts, setup.capabilities.speaks)),
}


@pytest.fixture(scope="module", autouse=True)
def models_loaded_once() -> Iterator[None]:
    """A file of tests that imports this shares the loaded models with the others that do."""
    with pytest.MonkeyPatch.context() as patch:
        for name, load in SHARED.items():
            patch.setattr(parts, name, load)
        patch.setattr(local_chat_model, "open_language_model", language_model_once)
        yield
