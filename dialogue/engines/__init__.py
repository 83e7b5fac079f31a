"""The engines by name: the only table of them. Each is imported when it is asked for, and only then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from dialogue.engine import Engine, Runner
from dialogue.errors import BadInput

EngineName = Literal["small_cpu", "scripted", "remote", "minicpm", "image_text"]


def open_engine(
    name: str,
    *,
    runner: Runner,
    model_path: Path | None = None,
    context_tokens: int = 2048,
    clock: Callable[[], datetime] = datetime.now,
    remote_url: str | None = None,
    remote_model: str | None = None,
    **options: Any,
) -> Callable[[], Engine]:
    """Load what an engine shares between sessions (blocking) and return a factory of sessions.

    `model_path` is for engines with weights, `remote_url` and `remote_model` for "remote"; `options` are the
    engine's own (see its module). Raises BadInput for a name or an option that will not do, EngineLost never.
    """
    match name:
        case "small_cpu":
            from dialogue.engines.small_cpu import open_small_cpu

            if model_path is None:
                raise BadInput("The engine small_cpu needs the path of its model file.")
            return open_small_cpu(model_path, runner, context_tokens, clock, **options)
        case "scripted":
            from dialogue.engines.scripted import ScriptedEngine

            return lambda: ScriptedEngine(limit=context_tokens, **options)
        case "remote":
            from dialogue.engines.remote import open_remote

            if remote_url is None:
                raise BadInput("The engine remote needs the address of a server, such as http://localhost:8000/v1.")
            return open_remote(remote_url, remote_model, context_tokens=context_tokens, **options)
        case "minicpm":
            from dialogue.engines.minicpm import open_minicpm

            if model_path is None:
                raise BadInput("The engine minicpm needs the folder of a downloaded model.")
            return open_minicpm(model_path, runner, context_tokens, **options)
        case "image_text":
            from dialogue.engines.image_text import open_image_text

            if model_path is None:
                raise BadInput("The engine image_text needs the folder of a downloaded model.")
            return open_image_text(model_path, runner, context_tokens, **options)
    raise BadInput(f"There is no engine called {name!r}; choose one of {', '.join(get_args(EngineName))}.")
