"""Names the engines, with what each can do, how it is opened, and how its capacity is measured.

Other packages add an engine through the entry point group `omnilive.engines`: an entry point is an `EngineEntry`.
Nothing here imports an engine before it is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from dialogue.engine import Capabilities, Engine, Runner
from dialogue.engines.settings import EngineSettings
from dialogue.errors import BadInput

GROUP = "omnilive.engines"

EngineFactory = Callable[[], Engine]
Samples = NDArray[np.float32]


class Cost(Protocol):
    """What units of several sessions take; `dialogue.minicpm.sizing.unit_cost.UnitCost` is one."""

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
    """What replies of several sessions take; `dialogue.sizing.pace.DecodePace` is one."""

    def seconds(self, sessions: int) -> float: ...
    def sessions(self) -> int: ...


@dataclass(frozen=True)
class Measurement:
    """What was measured with a loaded engine. `units`: of an engine that takes a unit of sound every second. `replies`:
    of one that answers turn by turn. Both None where the engine cannot be measured."""

    units: Cost | None = None
    replies: Speed | None = None


def unmeasured(_factory: EngineFactory) -> Measurement:
    return Measurement()


def _no_voice(_recording: Path) -> Samples:
    raise BadInput("No recording can be read here; leave the voice out.")


def _no_config(_config: Mapping[str, Any]) -> bool:
    return False


@dataclass(frozen=True)
class EngineResources:
    """What the process gives an engine that is opened.

    `runner` runs model steps on the model's thread. `weights` are paths of the sets that the entry asks for; an
    optional set that is not there is left out. `read_sound` reads a recording as mono 16 kHz samples.
    """

    runner: Runner
    clock: Callable[[], datetime] = datetime.now
    weights: Mapping[str, Path] = field(default_factory=dict)
    read_sound: Callable[[Path], Samples] = _no_voice


@dataclass(frozen=True)
class EngineEntry:
    """One engine.

    `settings` is its frozen record. `capabilities` says what it does itself before it is loaded. `open` loads what its
    sessions share (blocking) and returns a factory of sessions. `weights` and `optional_weights` are sets of the weight
    store. `runs` says whether it runs the downloaded model with this config.json; entries are asked in order.
    `measure` measures a loaded engine on the model's thread.
    """

    name: str
    about: str
    settings: type[EngineSettings]
    capabilities: Callable[[Any], Capabilities]
    open: Callable[[Any, EngineResources], EngineFactory]
    weights: tuple[str, ...] = ()
    optional_weights: tuple[str, ...] = ()
    runs: Callable[[Mapping[str, Any]], bool] = _no_config
    measure: Callable[[Any], Measurement] = unmeasured


E = TypeVar("E")


def installed(group: str, kind: type[E]) -> list[E]:
    """The entries that other packages add to an entry point group. Raises BadInput for one that is no entry."""
    found = []
    for point in entry_points(group=group):
        try:
            entry = point.load()
        except Exception as error:  # another package's code: whatever breaks in it
            raise BadInput(f"The entry point {point.value} of {group} cannot be loaded: {error!r}.") from error
        if not isinstance(entry, kind):
            raise BadInput(
                f"The entry point {point.value} of {group} is a {type(entry).__name__}, not {kind.__name__}."
            )
        found.append(entry)
    return found


@cache
def engines() -> Mapping[str, EngineEntry]:
    """Every engine by name: ours first, then those of other packages. Raises BadInput where a name is taken twice."""
    from dialogue.engines.entries import OURS

    found: dict[str, EngineEntry] = {}
    for entry in (*OURS, *installed(GROUP, EngineEntry)):
        if entry.name in found:
            raise BadInput(f"Two engines are called {entry.name!r}; uninstall the package that brings the second one.")
        found[entry.name] = entry
    return found


def entry_named(name: str) -> EngineEntry:
    """Raises BadInput."""
    if name not in engines():
        raise BadInput(f"There is no engine called {name!r}; choose one of {', '.join(engines())}.")
    return engines()[name]


def entry_of(settings: EngineSettings) -> EngineEntry:
    """The engine that these settings belong to. Raises BadInput."""
    for entry in engines().values():
        if type(settings) is entry.settings:
            return entry
    raise BadInput(f"No engine takes {type(settings).__name__}; its package may have been uninstalled.")


def entry_running(config: Mapping[str, Any]) -> EngineEntry | None:
    """The engine that runs a downloaded model with this config.json; None where no engine claims it."""
    return next((entry for entry in engines().values() if entry.runs(config)), None)


def capabilities_of(settings: EngineSettings) -> Capabilities:
    """What the engine does itself in a call, before it is loaded. Raises BadInput where its files cannot tell."""
    return entry_of(settings).capabilities(settings)


def open_engine(settings: EngineSettings, resources: EngineResources) -> EngineFactory:
    """Load what an engine shares between sessions (blocking) and return a factory of sessions. Raises BadInput for
    settings that the engine refuses or weights that are not given, OSError where files cannot be read."""
    entry = entry_of(settings)
    if missing := [name for name in entry.weights if name not in resources.weights]:
        raise BadInput(
            f"The engine {entry.name} needs the weights {', '.join(missing)}; fetch them with `models pull`."
        )
    return entry.open(settings, resources)
