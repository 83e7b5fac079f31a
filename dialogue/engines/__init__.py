"""The engines by name: the only table of them. Each is imported when it is asked for, and only then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from dialogue.engine import Capabilities, Engine, Runner
from dialogue.errors import BadInput
from dialogue.minicpm.checkpoints.kind import is_text_model

EngineName = Literal["embedded", "scripted", "remote", "minicpm", "image_text", "chat_model"]


def abilities_of(name: str, model_path: Path | None = None, voiced: bool = False) -> Capabilities:
    """What an engine would do itself in a call, before it is loaded: the rest has to be done for it. `voiced`: it is
    given a recording of the voice to speak with."""
    if name == "minicpm" and model_path is not None:
        from dialogue.engines.minicpm_v import abilities

        return abilities(model_path, voiced)
    return Capabilities(hears=False, sees=name == "image_text", speaks=False)


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
        case "embedded":
            from dialogue.engines.local_chat_model import open_local_chat

            if model_path is None:
                raise BadInput("The engine embedded needs the path of its model file.")
            return open_local_chat(model_path, runner, context_tokens, clock, **options)
        case "scripted":
            from dialogue.engines.scripted import ScriptedEngine

            return lambda: ScriptedEngine(limit=context_tokens, **options)
        case "remote":
            from dialogue.engines.remote import open_remote

            if remote_url is None:
                raise BadInput("The engine remote needs the address of a server, such as http://localhost:8000/v1.")
            return open_remote(remote_url, remote_model, context_tokens=context_tokens, **options)
        case "minicpm":
            if model_path is None:
                raise BadInput("The engine minicpm needs the folder of a downloaded model.")
            if is_text_model(model_path):
                from dialogue.engines.minicpm3 import open_minicpm3

                return open_minicpm3(model_path, runner, context_tokens, **options)
            from dialogue.engines.minicpm_v import open_minicpm_v

            return open_minicpm_v(model_path, runner, context_tokens, **options)
        case "image_text":
            from dialogue.engines.image_text import open_image_text

            if model_path is None:
                raise BadInput("The engine image_text needs the folder of a downloaded model.")
            return open_image_text(model_path, runner, context_tokens, **options)
        case "chat_model":
            from dialogue.engines.chat_model import open_chat_model

            if model_path is None:
                raise BadInput("The engine chat_model needs a .gguf file or the folder of a downloaded model.")
            return open_chat_model(model_path, runner, context_tokens, clock, **options)
    raise BadInput(f"There is no engine called {name!r}; choose one of {', '.join(get_args(EngineName))}.")
