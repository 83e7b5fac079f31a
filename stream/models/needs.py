"""Lists the weights that a setup needs to start: its engine's and those of the models around it. Loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dialogue.engines.entries import EMBEDDER
from dialogue.engines.registry import entry_of
from dialogue.languages.language import CODES, ENGLISH
from stream.models.components import component
from stream.models.fetching.language_weights import LANGUAGE_WEIGHTS
from stream.models.setup import Setup
from stream.models.weights import WeightsState, WeightStore

VAD = "silero-vad"  # every setup uses it, also with an engine that hears
TURN_END = "smart-turn-v3.2"
VOICES = "resemblyzer-ge2e"


def weights_needed(setup: Setup, store: WeightStore) -> list[str]:
    """The names of the sets, in the store's order. Raises BadInput for unusable model files."""
    entry, can = entry_of(setup.engine), setup.capabilities
    wanted = {VAD, *entry.weights}
    if setup.library is not None:
        wanted.add(EMBEDDER)
    if not can.hears:
        wanted |= {TURN_END, VOICES, *component("asr", setup.asr).weights}
        if setup.language in CODES and setup.language != ENGLISH:
            wanted |= {each.name for each in LANGUAGE_WEIGHTS}
    if not can.sees:
        wanted |= {*component("detectors", setup.detector).weights, *component("namers", setup.namer).weights}
    if setup.needs_voice:
        wanted |= {*component("tts", setup.tts).weights}
    return [listed.weights.name for listed in store.listing() if listed.weights.name in wanted]


def present(store: WeightStore, names: tuple[str, ...]) -> Mapping[str, Path]:
    """The paths of those sets that are present in the store."""
    there = {each.weights.name for each in store.listing() if each.condition is WeightsState.PRESENT}
    return {name: store.path(name) for name in names if name in there}
