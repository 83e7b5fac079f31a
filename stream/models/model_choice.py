"""Makes the setup for a model that a user names, and changes its options: engine settings, voice, captioner.

Reads config.json and nothing else of the model; reads no environment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from dialogue.engines.registry import entry_of, entry_running, fallback_entry
from dialogue.errors import BadInput
from dialogue.llm.precision import PRECISIONS, Precision
from dialogue.minicpm.kind import NATIVE_TYPES, kind_of
from stream.models.setup import CaptionerSettings, Setup
from stream.models.weights import WeightStore

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def model_folder(named: str | Path, store: WeightStore, revision: str = "main") -> Path:
    """The folder of a model. A hub id ("owner/name") without a local folder of that name is fetched once, with the
    hub's progress bars and resumed after an interruption. Raises WeightsError where it cannot be fetched, BadInput for
    anything else."""
    if not isinstance(named, str | Path) or not str(named).strip():
        raise BadInput(f"{named!r} names no model; name a folder, or a model of the hub as owner/name.")
    folder = Path(named).expanduser()
    if folder.is_file():
        raise BadInput(f"{folder} is a file; name the folder that it lies in.")
    if not folder.exists() and HUB_ID.fullmatch(str(named)):
        folder = store.pull_from_hub(str(named), revision)
    if not folder.is_dir():
        raise BadInput(f"There is no folder {folder}; name one, or a model of the hub as owner/name.")
    if not (folder / "config.json").is_file():
        raise BadInput(f"There is no config.json in {folder}; name a hub id or the folder of a downloaded model.")
    return folder


def inspectable_path(named: str | Path, store: WeightStore, revision: str = "main") -> Path:
    """The path from which a model can be inspected before anything large is fetched: a folder, a .gguf file, or for a
    hub id a folder with only config.json (the whole model where it is already here). Raises WeightsError, or BadInput
    for anything else."""
    path = Path(named).expanduser()
    if path.suffix == ".gguf" and path.is_file():
        return path
    if path.suffix == ".gguf":
        raise BadInput(f"{path} does not exist; name a folder, a .gguf file, or a model of the hub as owner/name.")
    if path.exists() or not HUB_ID.fullmatch(str(named)):
        return model_folder(named, store)
    return store.pull_from_hub(str(named), revision, only=("config.json",))


def with_model(folder: Path, precision: Precision | None = None, device: str = "auto") -> Setup:
    """The setup that runs the model in `folder`. Raises BadInput for a model that no engine runs, or an unknown
    precision."""
    check_placement(precision, device)
    config = model_config(folder)
    entry = entry_running(config)
    if entry is None:
        if config["model_type"] in NATIVE_TYPES:
            kind_of(config)  # raises for a version of the family that no engine runs
        _check_image_text(folder)
        entry = fallback_entry()
    settings: Any = entry.settings
    engine = settings(model_path=folder, precision=precision or settings.precision, device=device)
    return Setup(entry.name, engine, f"{entry.about}; the rest as in laptop")


def check_placement(precision: object, device: object) -> None:
    """Raises BadInput for an unknown precision (None: the model's default), or a device that is not a string."""
    if precision is not None and precision not in PRECISIONS:
        raise BadInput(f"Weights can be quantised to {', '.join(PRECISIONS)}, not to {precision!r}.")
    if not isinstance(device, str):
        raise BadInput(f"A device is 'auto', 'cpu', 'cuda' or 'cuda:1', not {device!r}.")


def has_setting(setup: Setup, name: str) -> bool:
    """Whether the setup's engine has a setting of this name."""
    return name in {each.name for each in fields(setup.engine)}


def with_engine(setup: Setup, **options: object) -> Setup:
    """The setup with these fields of its engine's settings changed. Raises BadInput for a field that they do not
    have."""
    if foreign := [name for name in options if not has_setting(setup, name)]:
        raise BadInput(f"The engine of the setup {setup.name} has no {' and no '.join(foreign)}; leave it out.")
    return replace(setup, engine=replace(setup.engine, **options))  # type: ignore[arg-type]  # checked above


def named_folders(adapter: str | Path | Mapping[str, str | Path]) -> list[tuple[str, Path]]:
    """The folder of an adapter, or the folders of several by name, for `with_adapters`."""
    folders = adapter if isinstance(adapter, Mapping) else {"": adapter}
    return [(name, Path(folder)) for name, folder in folders.items()]


def with_adapters(setup: Setup, folders: Sequence[tuple[str, Path]]) -> Setup:
    """The setup whose language model has the LoRA adapters in these folders, each with its name ("": the folder's).
    Raises BadInput for an engine that takes none, and for folders that hold no adapter."""
    from dialogue.llm.checkpoints.adapter import read_adapters  # imports torch

    if not has_setting(setup, "adapters"):
        raise BadInput("An adapter needs the model that it was made for: --llm, or --model for MiniCPM's family.")
    given = tuple((name, folder.expanduser()) for name, folder in folders)
    read_adapters(given)
    return with_engine(setup, adapters=given)


def with_voice(setup: Setup, recording: Path, speaker_consents: bool) -> Setup:
    """The setup whose model speaks with the voice in `recording`. Raises BadInput without the speaker's consent, for a
    model that cannot, and for a missing file."""
    if not has_setting(setup, "voice"):
        raise BadInput("Only MiniCPM-o 2.6 and 4.5 can speak like a recording; choose one, or leave the voice out.")
    with_recording = with_engine(setup, voice=recording, speaker_consents=speaker_consents)
    if not recording.is_file():
        raise BadInput(f"There is no recording {recording}; name a few seconds of one voice, such as a WAV file.")
    return with_recording


def with_captioner(setup: Setup, folder: Path, precision: Precision | None = None, device: str | None = None) -> Setup:
    """The setup whose engine, which cannot see, gets descriptions from the model in `folder`. Raises BadInput for an
    engine that sees, and for a model that another engine runs."""
    if entry_of(setup.engine).can.sees:
        raise BadInput(f"The setup {setup.name} sees with its own model; --captioner is for one that cannot see.")
    if entry_running(model_config(folder)) is not None:
        raise BadInput(f"The model in {folder} is a whole assistant; give it as --model instead of --captioner.")
    _check_image_text(folder)
    captioner = CaptionerSettings(folder, precision or "bfloat16", device or "auto")
    return replace(setup, captioner=captioner)


def _check_image_text(folder: Path) -> None:
    """Raises BadInput where transformers has no image-text model for `folder`; nothing is fetched or loaded."""
    from dialogue.image_text.image_text_model import model_type_of  # imports transformers, which takes seconds

    model_type_of(folder)


def model_config(folder: Path) -> dict[str, Any]:
    """The config.json of a downloaded model, with its "model_type". Raises BadInput where it has none."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return {**config, "model_type": config["model_type"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"config.json in {folder} does not say what model this is ({error!r}); download it again"
        ) from error
