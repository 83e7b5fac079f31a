"""Chooses the embedded language model by the machine: the larger one where memory and speed allow it.

Reads no environment: the choice, the free memory and a measurement of the memory's speed are arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

from dialogue.engines.entries import LARGER_LLM
from dialogue.engines.settings import EmbeddedSettings, EngineSettings, LargerEmbeddedSettings
from dialogue.errors import BadInput
from dialogue.llm.native.loader import NativeMissing, load_library
from stream.models.measured_pace import remembered_pace
from stream.models.setup import Setup
from stream.models.weights import WeightsState, WeightStore

LlmChoice = Literal["auto", "small", "large"]

SMALL, LARGER = "SmolLM2-135M", "Qwen2.5-Coder-1.5B"
FREE_BYTES = 6e9
TOKENS_PER_S = 8.0
# Bytes that the larger model reads for a token: its layers and its head.
READ_A_TOKEN = 1.0e9
# Before the download only a machine far too slow is ruled out: a busy memory is measured too slow (3.1 tokens a second
# were estimated on a machine at load 8 that writes more than 8), and the compiled step reads faster than the estimate.
ESTIMATED_TOKENS_PER_S = TOKENS_PER_S / 3


def choice_of(text: str) -> LlmChoice:
    """The choice that a user writes as "auto", "small" or "large"; "" is "auto". Raises BadInput for another word."""
    choices: tuple[LlmChoice, ...] = get_args(LlmChoice)
    for choice in choices:
        if (text or "auto") == choice:
            return choice
    raise BadInput(f"The embedded language model can be auto, small or large, not {text!r}.")


def with_chosen_llm(
    setup: Setup,
    choice: LlmChoice,
    store: WeightStore,
    free_bytes: float,
    memory_speed: Callable[[], float],
    context_tokens: int | None = None,
    upgrades: bool = False,
) -> Setup:
    """`setup` with the language model that this machine runs, and the reason in `llm_choice`.

    With `upgrades`, the caller replaces the small model later: where the larger one fits but was not fetched or not
    measured yet, it becomes the `upgrade`. Without, one that is here is taken, and measured when it is opened. `choice`
    names a model instead. `memory_speed` measures bytes a second, and is called only where it is needed.
    """
    small, larger = _sized(EmbeddedSettings(), context_tokens), _sized(LargerEmbeddedSettings(), context_tokens)
    if choice == "small":
        return _chosen(setup, small, f"{SMALL}, as you chose")
    if choice == "large":
        return _chosen(setup, larger, f"{LARGER}, as you chose")
    listed = next(each for each in store.listing() if each.weights.name == LARGER_LLM)
    here = listed.condition is WeightsState.PRESENT
    measured = remembered_pace(listed.folder / listed.weights.entry) if here else None
    if obstacle := _obstacle(free_bytes, here, measured, memory_speed):
        return _chosen(setup, small, f"{SMALL}: {obstacle}")
    fits = f"{free_bytes / 1e9:.0f} GB of memory are free"
    if measured or (here and not upgrades):
        pace = f"it writes {measured:.0f} tokens a second here" if measured else "its speed here is measured now"
        return _chosen(setup, larger, f"{LARGER}: {fits}, and {pace}")
    if upgrades:
        work = "is measured" if here else f"is fetched ({listed.weights.size / 1e9:.1f} GB)"
        return replace(_chosen(setup, small, f"{SMALL} while {LARGER} {work}: {fits}"), upgrade=larger)
    return _chosen(setup, small, f"{SMALL}: `omnilive models pull {LARGER_LLM}` fetches {LARGER}, which fits here")


def _obstacle(free_bytes: float, here: bool, measured: float | None, memory_speed: Callable[[], float]) -> str:
    """Why the larger model does not run here; empty where it does."""
    if free_bytes < FREE_BYTES:
        return f"{LARGER} takes {FREE_BYTES / 1e9:.0f} GB of free memory, and {free_bytes / 1e9:.1f} are free"
    if measured is not None:
        if measured >= TOKENS_PER_S:
            return ""
        return f"{LARGER} wrote {measured:.1f} tokens a second here, fewer than {TOKENS_PER_S:.0f}"
    try:
        load_library()
    except NativeMissing:
        return f"{LARGER} is too slow without the compiled decode step"
    if here:
        return ""
    estimated = memory_speed() / READ_A_TOKEN
    if estimated < ESTIMATED_TOKENS_PER_S:
        return f"{LARGER} would write about {estimated:.1f} tokens a second here, by the speed of the memory"
    return ""


def _sized(engine: EngineSettings, context_tokens: int | None) -> EngineSettings:
    return engine if context_tokens is None else replace(engine, context_tokens=context_tokens)


def _chosen(setup: Setup, engine: EngineSettings, why: str) -> Setup:
    return replace(setup, engine=engine, llm_choice=why, chooses_llm=False)
