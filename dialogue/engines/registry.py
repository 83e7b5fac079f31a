"""Finds engines by name, settings or model config: what each can do, how it is opened, how it is measured.

Other packages add an engine through the entry point group `omnilive.engines`: an entry point is an `EngineEntry`.
Nothing here imports an engine before it is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from dialogue.engine import Capabilities
from dialogue.engines.entries import BUILT_IN
from dialogue.engines.entry import EngineEntry, EngineFactory, EngineResources, registered
from dialogue.engines.settings import EngineSettings
from dialogue.errors import BadInput

GROUP = "omnilive.engines"


@cache
def engines() -> Mapping[str, EngineEntry]:
    """Every engine by name: the built-in ones, then those of other packages. Raises BadInput for a name used twice."""
    return registered(GROUP, BUILT_IN, EngineEntry)


def entry_named(name: str) -> EngineEntry:
    """The engine of this name. Raises BadInput where there is none."""
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


def fallback_entry() -> EngineEntry:
    """The engine for a downloaded model that no engine claims."""
    return next(entry for entry in engines().values() if entry.fallback)


def capabilities_of(settings: EngineSettings) -> Capabilities:
    """What the engine does itself in a call, before it is loaded. Raises BadInput for unusable model files."""
    entry = entry_of(settings)
    speaks = entry.can.speaks if entry.speaks is None else entry.speaks(settings)
    sees = entry.can.sees if entry.sees is None else entry.sees(settings)
    tools = entry.can.tools if entry.tools is None else entry.tools(settings)
    return replace(entry.can, speaks=speaks, sees=sees, tools=tools)


def open_engine(settings: EngineSettings, resources: EngineResources) -> EngineFactory:
    """Load what an engine shares between sessions (blocking) and return a factory of sessions.

    Raises BadInput for settings that the engine refuses and for missing weights, OSError for unreadable files.
    """
    entry = entry_of(settings)
    if missing := [name for name in entry.weights if name not in resources.weights]:
        raise BadInput(
            f"The engine {entry.name} needs the weights {', '.join(missing)}; fetch them with `models pull`."
        )
    return entry.open(settings, resources)
