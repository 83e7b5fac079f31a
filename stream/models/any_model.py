"""Makes the setup for any model that a user names, by the type in its config.

A chat model gets the setup of --llm, every other model that of --model; it is said whether it fits before anything
large is fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dialogue.engines.registry import entry_running
from dialogue.engines.settings import ModelSettings
from dialogue.errors import BadInput
from dialogue.llm.precision import PRECISIONS, Precision
from stream.models.chat_choice import FINER_TO_COARSER, REST_BYTES, chat_setup, no_room
from stream.models.model_choice import (
    check_placement,
    inspectable_path,
    model_config,
    model_folder,
    with_engine,
    with_model,
)
from stream.models.setup import Setup
from stream.models.weights import WeightStore

SESSIONS = 1  # whose context must fit: more are admitted by what is measured


def model_setup(
    named: str | Path,
    store: WeightStore,
    free_bytes: float,
    *,
    precision: Precision | None = None,
    device: str = "auto",
    revision: str = "main",
    context_tokens: int | None = None,
    report: Callable[[str], None] = lambda _line: None,
) -> Setup:
    """The setup for a hub id, a folder or a .gguf file; a missing model is fetched.

    `report` gets a line about the memory that the model needs, before anything large is fetched. Raises WeightsError,
    and BadInput for a model that no engine runs or that does not fit.
    """
    check_placement(precision, device)
    path = inspectable_path(named, store, revision)
    entry = None if path.suffix == ".gguf" else entry_running(model_config(path))
    if path.suffix != ".gguf" and (entry is None or not entry.chats):
        options = {"context_tokens": context_tokens} if context_tokens is not None else {}
        planned = with_engine(with_model(path, precision, device), **options)
        assert isinstance(planned.engine, ModelSettings)
        report(f"{named}: {fit(planned.engine, free_bytes)}")
        return with_engine(planned, model_path=model_folder(named, store, revision))
    asked: dict[str, Any] = {"precision": precision, "device": device, "context_tokens": context_tokens}
    return chat_setup(named, store, free_bytes, revision=revision, report=report, **asked)


def fit(chosen: ModelSettings, free_bytes: float) -> str:
    """One line; reads the config and the headers of the files, which takes a second or two where transformers must be
    imported. Raises BadInput for a model that does not fit, with a precision that would."""
    from dialogue.engines.inspect_model import inspect
    from dialogue.llm.device import device_for
    from dialogue.sizing.session_memory import free_device_memory

    try:
        found, device = inspect(chosen.model_path), device_for(chosen.device)
    except BadInput as unclear:  # said again, and not as a note, when the model is loaded
        return f"how much memory it takes is not known: {unclear}"
    free = free_bytes if device == "cpu" else free_device_memory(device)
    rest = REST_BYTES if device == "cpu" else 0.0
    context = SESSIONS * found.cache_bytes * chosen.context_tokens / 1000

    def needed(precision: Precision) -> float:
        return found.weight_bytes[precision] + context

    memory, tokens = _gigabytes(needed(chosen.precision)), chosen.context_tokens
    takes = f"{memory} in {chosen.precision}, its context of {tokens} included"
    if needed(chosen.precision) + rest <= free:
        return f"it takes {takes}, of {free / 1e9:.1f} GB that are free"
    fitting = [each for each in FINER_TO_COARSER if each in PRECISIONS and needed(each) + rest <= free]
    raise BadInput(f"{chosen.model_path.name} takes {takes}. {no_room(rest, free, device, fitting)}")


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.0f} MB"
