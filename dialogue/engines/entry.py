"""Defines an entry of the engine registry, and finds the entries of other packages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from dialogue.engine import Capabilities, Engine, Runner
from dialogue.engines.settings import EngineSettings
from dialogue.errors import BadInput

EngineFactory = Callable[[], Engine]
Samples = NDArray[np.float32]


class Cost(Protocol):
    """How long units of several sessions take; `dialogue.minicpm.sizing.unit_cost.UnitCost` is one."""

    def seconds(self, sessions: int) -> float:
        """Seconds that the worst second of n sessions takes."""
        ...

    def unit_seconds(self, sessions: int) -> float:
        """Seconds that a unit of each of n sessions takes, computed together."""
        ...

    def sessions(self) -> int:
        """How many sessions the machine keeps up with."""
        ...


class Speed(Protocol):
    """How long replies of several sessions take; `dialogue.sizing.pace.DecodePace` is one."""

    def seconds(self, sessions: int) -> float: ...
    def sessions(self) -> int: ...


@dataclass(frozen=True)
class Measurement:
    """The measured speed of a loaded engine: `units` where it takes a unit of sound every second, `replies` where it
    answers turn by turn. Both are None where the engine cannot be measured."""

    units: Cost | None = None
    replies: Speed | None = None


def unmeasured(_factory: EngineFactory) -> Measurement:
    return Measurement()


def _no_recordings(_recording: Path) -> Samples:
    raise BadInput("No recording can be read here; leave the voice out.")


def _no_resampling(_rate_in: int, _rate_out: int) -> Callable[[Samples], Samples]:
    raise BadInput("No sound can be resampled here.")


def _runs_none(_config: Mapping[str, Any]) -> bool:
    return False


@dataclass(frozen=True)
class EngineResources:
    """What the process gives an engine that is opened.

    `runner` runs model steps on the model's thread. `weights` are paths of the sets that the entry names; an
    optional set that is missing is left out. `read_sound` reads a recording as mono 16 kHz samples. `resampling` makes
    a resampler of a stream of sound, from one rate to another.
    """

    runner: Runner
    clock: Callable[[], datetime] = datetime.now
    weights: Mapping[str, Path] = field(default_factory=dict)
    read_sound: Callable[[Path], Samples] = _no_recordings
    resampling: Callable[[int, int], Callable[[Samples], Samples]] = _no_resampling


@dataclass(frozen=True)
class EngineEntry:
    """One engine.

    `settings` is the type of its frozen settings. `can` is what every model of the engine does itself; `speaks`,
    `sees` and `tools` say from one model's settings and files whether it does that as well. `open` loads what its
    sessions share (blocking) and returns a factory of sessions. `weights` and `optional_weights` name sets of the
    weight store. `runs` says whether the engine runs the downloaded model with this config.json; the first entry that
    says yes is taken, and for a model that none claims the `fallback`. `chats`: its models are chat models, for which
    `--llm` chooses the precision. `measure` measures a loaded engine on the model's thread.
    """

    name: str
    about: str
    settings: type[EngineSettings]
    can: Capabilities
    open: Callable[[Any, EngineResources], EngineFactory]
    weights: tuple[str, ...] = ()
    optional_weights: tuple[str, ...] = ()
    speaks: Callable[[Any], bool] | None = None
    sees: Callable[[Any], bool] | None = None
    tools: Callable[[Any], bool] | None = None
    runs: Callable[[Mapping[str, Any]], bool] = _runs_none
    fallback: bool = False
    chats: bool = False
    measure: Callable[[Any], Measurement] = unmeasured


class NamedEntry(Protocol):
    @property
    def name(self) -> str: ...


E = TypeVar("E", bound=NamedEntry)


def registered(group: str, built_in: Iterable[E], kind: type[E]) -> Mapping[str, E]:
    """The built-in entries, then those that other packages add to an entry point group, by name.

    Raises BadInput for a name used twice, and for an entry point that is broken or of another type.
    """
    found: dict[str, E] = {}
    for entry in (*built_in, *_installed(group, kind)):
        if entry.name in found:
            raise BadInput(
                f"Two entries of {group} are called {entry.name!r}; uninstall the package of the second one."
            )
        found[entry.name] = entry
    return found


def _installed(group: str, kind: type[E]) -> list[E]:
    found = []
    for point in entry_points(group=group):
        try:
            entry = point.load()
        except Exception as error:  # another package's code may raise anything
            raise BadInput(f"The entry point {point.value} of {group} cannot be loaded: {error!r}.") from error
        if not isinstance(entry, kind):
            raise BadInput(
                f"The entry point {point.value} of {group} is a {type(entry).__name__}, not {kind.__name__}."
            )
        found.append(entry)
    return found
