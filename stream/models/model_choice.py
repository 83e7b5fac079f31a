"""From what a person calls a model, a hub id or a folder, to the setup that runs it.

Reads a config and nothing else of the model; knows no environment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dialogue.errors import BadInput
from dialogue.llm.precision import PRECISIONS, Precision
from dialogue.minicpm.checkpoints.kind import Kind, kind_of
from dialogue.tools.tool import Tool
from stream.models.setup import (
    DUPLEX_BUDGET_S,
    HEARING_BUDGET_S,
    LAPTOP_BUDGET_S,
    READ_DUPLEX_BUDGET_S,
    SETUPS,
    Setup,
)
from stream.models.weights import WeightStore

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")

# What the family's own package runs; everything else is left to transformers, which says so if it cannot.
ENGINES = {"minicpmv": "minicpm", "minicpmo": "minicpm", "minicpm3": "minicpm"}
TRANSFORMERS = "image_text"
BLIND = ("minicpm3",)
CALLS_FUNCTIONS = ("minicpm3",)
CAN_CLONE = TAKES_SECONDS = ("minicpmo",)


def model_folder(named: str | Path, store: WeightStore, revision: str = "main") -> Path:
    """The folder of a model. A hub id ("owner/name") that is no folder here is fetched once (with the hub's own
    progress bars, resumed where it broke off). Raises WeightsError where it cannot be, BadInput for anything else."""
    if not isinstance(named, str | Path) or not str(named).strip():
        raise BadInput(f"{named!r} names no model: name a folder, or a model of the hub as owner/name")
    folder = Path(named).expanduser()
    if folder.is_file():
        raise BadInput(f"{folder} is a file: name the folder that it lies in")
    if not folder.exists() and HUB_ID.fullmatch(str(named)):
        folder = store.pull_from_hub(str(named), revision)
    if not folder.is_dir():
        raise BadInput(f"there is no folder {folder}; name one, or a model of the hub as owner/name")
    if not (folder / "config.json").is_file():
        raise BadInput(f"there is no config.json in {folder}: a model is a hub id or the folder of a downloaded one")
    return folder


def looked_at(named: str | Path, store: WeightStore, revision: str = "main") -> Path:
    """What can be told about before anything large is fetched: a folder, a .gguf file, or for a hub id a folder with
    config.json alone (all of it, where the model is here). Raises WeightsError, or BadInput for anything else."""
    path = Path(named).expanduser()
    if path.suffix == ".gguf" and path.is_file():
        return path
    if path.suffix == ".gguf":
        raise BadInput(f"there is no {path}; name a folder, a .gguf file, or a model of the hub as owner/name")
    if path.exists() or not HUB_ID.fullmatch(str(named)):
        return model_folder(named, store)
    return store.pull_from_hub(str(named), revision, only=("config.json",))


def with_model(folder: Path, precision: Precision | None = None, device: str = "auto") -> Setup:
    """The setup that runs the model in `folder`. Raises BadInput for a model that nothing here runs, or a precision
    that there is not."""
    check_placing(precision, device)
    kind = model_type(folder)
    engine = ENGINES.get(kind, TRANSFORMERS)
    if engine == TRANSFORMERS:
        _check_image_text(folder)
    base = SETUPS["minicpm"]
    return replace(
        base,
        name=base.name if kind in ENGINES else engine,
        engine=engine,
        model_path=folder,
        precision=precision or base.precision,
        device=device,
        budget_s=_budget_s(folder),
    )


def check_placing(precision: object, device: object) -> None:
    """Raises BadInput for what is no precision (None: the model's usual one), or no device."""
    if precision is not None and precision not in PRECISIONS:
        raise BadInput(f"weights can be quantised to {', '.join(PRECISIONS)}, not to {precision!r}")
    if not isinstance(device, str):
        raise BadInput(f"a device is 'auto', 'cpu', 'cuda' or 'cuda:1', not {device!r}")


def with_voice(setup: Setup, recording: Path, speaker_consents: bool) -> Setup:
    """The setup in which the model speaks as the person in `recording` does. Raises BadInput without that person's
    consent, or for a model that cannot."""
    voiced = replace(setup, voice=recording, speaker_consents=speaker_consents)
    if _own_type(setup) not in CAN_CLONE:
        raise BadInput("only MiniCPM-o 2.6 and 4.5 can take over a voice: choose one of them, or leave the voice out")
    if not recording.is_file():
        raise BadInput(f"there is no recording {recording}; name a few seconds of one voice, such as a WAV file")
    assert setup.model_path is not None, "whatever can clone is a downloaded model"
    return replace(voiced, budget_s=_budget_s(setup.model_path, voiced=True))


def with_tools(setup: Setup, tools: Sequence[Tool | Callable[..., Any]]) -> Setup:
    """The setup whose model may call these functions: Python functions with type hints, or `Tool`s made from JSON
    schemas. Raises BadInput for a model that calls none, or a function that cannot be told to one."""
    if _own_type(setup) not in CALLS_FUNCTIONS:
        raise BadInput("only MiniCPM3 calls functions: choose it, or leave the tools out")
    return replace(setup, tools=own_tools(tools))


def own_tools(tools: Sequence[Tool | Callable[..., Any]]) -> tuple[Tool, ...]:
    """Functions of the user's own as tools. Raises BadInput for what cannot be one, or a name that is taken."""
    from dialogue.tools.built_in_tools import NAMES

    made = tuple(each if isinstance(each, Tool) else Tool.of(each) for each in tools)
    names = [tool.name for tool in made]
    for place, name in enumerate(names):
        if name in NAMES or name in names[:place]:
            raise BadInput(f"there is a function {name} already: give yours another name")
    return made


def with_captioner(setup: Setup, folder: Path) -> Setup:
    """The setup whose mind, which cannot see, is told what the model in `folder` sees. Raises BadInput for a mind that
    sees itself, and for a model of ours that is not a describer."""
    if (own := _own_type(setup)) is not None and own not in BLIND:
        raise BadInput(f"the setup {setup.name} sees with its own model; --captioner is for one that cannot see")
    if (kind := model_type(folder)) in ENGINES:
        raise BadInput(
            f"the model in {folder} ({kind}) is a whole assistant: give it as --model instead of --captioner"
        )
    _check_image_text(folder)
    return replace(setup, captioner_path=folder)


def _own_type(setup: Setup) -> str | None:
    """Of a model that may hear, see or speak itself; None for a mind that only thinks."""
    own = setup.model_path if setup.engine in ("minicpm", TRANSFORMERS) else None
    return None if own is None else model_type(own)


def _check_image_text(folder: Path) -> None:
    """Before anything else is fetched or loaded. Raises BadInput."""
    from dialogue.image_text.seeing_model import kind_of  # it comes with transformers, which takes seconds to import

    kind_of(folder)


def _budget_s(folder: Path, voiced: bool = False) -> Mapping[str, float]:
    """How late an answer may come depends on who hears: a model that is given seconds cannot answer before they end."""
    if model_type(folder) not in TAKES_SECONDS:
        return LAPTOP_BUDGET_S
    if kind_of(_config(folder)) is not Kind.O45:
        return HEARING_BUDGET_S
    if not voiced:
        return READ_DUPLEX_BUDGET_S
    from dialogue.minicpm.speech.token2wav_files import has_token2wav  # it comes with torch

    return DUPLEX_BUDGET_S if has_token2wav(folder) else READ_DUPLEX_BUDGET_S


def model_type(folder: Path) -> str:
    """What config.json says. Raises BadInput."""
    return str(_config(folder)["model_type"])


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return {**config, "model_type": config["model_type"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"config.json in {folder} does not say what model this is ({error!r}); download it again"
        ) from error
