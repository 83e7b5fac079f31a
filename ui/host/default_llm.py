"""Chooses the embedded language model of this machine. Reads OMNILIVE_MIND: auto, small or large."""

from __future__ import annotations

import os

from dialogue.sizing.free_memory import free_memory
from stream.models.default_llm import choice_of, with_chosen_llm
from stream.models.setup import Setup
from stream.models.weights import WeightStore


def with_default_llm(
    setup: Setup, store: WeightStore, context_tokens: int | None = None, upgrades: bool = False
) -> Setup:
    """`setup` with the language model that fits; unchanged where it names its own. `upgrades`
    as in `with_chosen_llm`. Raises BadInput for a bad choice."""
    if not setup.chooses_llm:
        return setup
    choice = choice_of(os.environ.get("OMNILIVE_MIND", ""))
    return with_chosen_llm(setup, choice, store, free_memory(), _memory_speed, context_tokens, upgrades)


def _memory_speed() -> float:
    from dialogue.sizing.model_estimate import memory_speed  # imports torch, which takes seconds

    return memory_speed()
