"""Which weights a setup needs before it can start: those of what its engine does not do itself. Loads nothing."""

from __future__ import annotations

from dialogue.engines import abilities_of
from stream.models.setup import Setup
from stream.models.weights import WeightStore

DEFAULT_LLM = "smollm2-135m-instruct"


def weights_needed(setup: Setup, store: WeightStore) -> list[str]:
    """The names of the sets. Raises BadInput for a model that cannot be told."""
    can = abilities_of(setup.engine, setup.model_path, setup.voice is not None)
    done_itself = {"whisper-tiny.en": can.hears, "nanodet-g": can.sees, DEFAULT_LLM: setup.engine != "embedded"}
    return [name for name in store.default_names() if not done_itself.get(name, False)]
