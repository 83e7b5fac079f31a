"""What an entry of the engine registry says, and how entries of other packages are found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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

    `settings` is its frozen record. `can` is what every model of the engine does itself; `speaks` says from the files
    of one model whether it speaks as well. `open` loads what its
    sessions share (blocking) and returns a factory of sessions. `weights` and `optional_weights` are sets of the weight
    store. `runs` says whether it runs the downloaded model with this config.json; entries are asked in order.
    `measure` measures a loaded engine on the model's thread.
    """

    name: str
    about: str
    settings: type[EngineSettings]
    can: Capabilities
    open: Callable[[Any, EngineResources], EngineFactory]
    weights: tuple[str, ...] = ()
    optional_weights: tuple[str, ...] = ()
    speaks: Callable[[Any], bool] | None = None
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
