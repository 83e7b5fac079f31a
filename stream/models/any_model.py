"""Makes the setup for any model that a user names, by the type in its config.

A chat model gets the setup of --llm, checked before anything large is fetched; every other model that of --model.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dialogue.engines.registry import entry_running
from dialogue.engines.settings import ChatModelSettings
from dialogue.llm.precision import Precision
from stream.models.chat_choice import chat_setup
from stream.models.model_choice import check_placement, inspectable_path, model_config, model_folder, with_model
from stream.models.setup import Setup
from stream.models.weights import WeightStore


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

    `report` gets a line about the memory that a chat model needs. Raises WeightsError, and BadInput for a model that no
    engine runs or that does not fit.
    """
    check_placement(precision, device)
    path = inspectable_path(named, store, revision)
    entry = None if path.suffix == ".gguf" else entry_running(model_config(path))
    if path.suffix != ".gguf" and (entry is None or entry.settings is not ChatModelSettings):
        return with_model(model_folder(named, store, revision), precision, device)
    asked: dict[str, Any] = {"precision": precision, "device": device, "context_tokens": context_tokens}
    return chat_setup(named, store, free_bytes, revision=revision, report=report, **asked)
