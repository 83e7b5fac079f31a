"""Opens the engine of a setup with its weights from the store; remembers how fast the larger LLM writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.resample import Resampler, resample_whole
from audio.sound_file import read_sound
from dialogue.engine import Engine, Runner
from dialogue.engines.entries import LARGER_LLM
from dialogue.engines.entry import EngineResources
from dialogue.engines.registry import entry_of, open_engine
from dialogue.engines.settings import EngineSettings
from dialogue.errors import BadInput
from stream.models.measured_pace import remember_pace
from stream.models.needs import present
from stream.models.weights import WeightStore

LONGEST_VOICE_S = 30.0  # longest recording of a voice to speak with


@runtime_checkable
class Paced(Protocol):
    """A factory of sessions that has measured how many tokens a second its model writes."""

    @property
    def tokens_per_s(self) -> float | None: ...


def open_llm(settings: EngineSettings, store: WeightStore, run: Runner) -> Callable[[], Engine]:
    """Load what sessions share (blocking) and return their factory; model steps go through `run`.

    Raises WeightsError, BadInput, OSError.
    """
    entry = entry_of(settings)
    weights = {name: store.path(name) for name in entry.weights} | dict(present(store, entry.optional_weights))
    resources = EngineResources(run, weights=weights, read_sound=_recording, resampling=_resampling)
    factory = open_engine(settings, resources)
    if LARGER_LLM in weights and isinstance(factory, Paced) and factory.tokens_per_s is not None:
        remember_pace(weights[LARGER_LLM], factory.tokens_per_s)
    return factory


def _resampling(rate_in: int, rate_out: int) -> Callable[[Samples], Samples]:
    return Resampler(rate_in, rate_out).push


def _recording(path: Path) -> Samples:
    """The voice to speak with, float32 (n,) at 16 kHz. Raises BadInput for a file without sound or a long one."""
    try:
        sound = read_sound(path, LONGEST_VOICE_S)
    except ValueError as error:
        raise BadInput(f"The voice cannot be used: {error}") from error
    return resample_whole(sound.samples, sound.rate, HEARING_RATE_HZ)
