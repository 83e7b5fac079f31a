"""Any model that a person names, to the setup that runs it: whether it chats, sees or hears stands in its config.

A chat model takes the way of --llm, judged before anything large is fetched; all others that of --model.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dialogue.engines.registry import entry_running
from dialogue.engines.settings import ChatModelSettings
from dialogue.llm.precision import Precision
from stream.models.chat_choice import chat_setup
from stream.models.model_choice import check_placing, looked_at, model_config, model_folder, with_model
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
    tell: Callable[[str], None] = lambda _line: None,
) -> Setup:
    """A hub id, a folder or a .gguf file; the model is fetched where it must be. Of a chat model `tell` is given a line
    on what it needs. Raises WeightsError, or BadInput for a model that nothing here runs or that does not fit."""
    check_placing(precision, device)
    path = looked_at(named, store, revision)
    entry = None if path.suffix == ".gguf" else entry_running(model_config(path))
    if path.suffix != ".gguf" and (entry is None or entry.settings is not ChatModelSettings):
        return with_model(model_folder(named, store, revision), precision, device)
    asked: dict[str, Any] = {"precision": precision, "device": device, "context_tokens": context_tokens}
    return chat_setup(named, store, free_bytes, revision=revision, tell=tell, **asked)
