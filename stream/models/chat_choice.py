"""Makes the setup for a chat model that a user names: a hub id, a folder or a .gguf file.

The model's config is checked against the free memory before anything large is fetched or loaded. Reads no environment:
the free memory is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dialogue.engines.settings import ChatModelSettings
from dialogue.errors import BadInput
from dialogue.llm.precision import Quantisation
from stream.models.model_choice import HUB_ID
from stream.models.setup import Setup
from stream.models.weights import WeightStore

ABOUT = "a chat model of the user's (--llm); the rest as in laptop"
REST_BYTES = 1.5e9  # of ASR, vision, TTS and libraries, beside the model
SESSIONS = 2  # at once
FINER_TO_COARSER: tuple[Quantisation, ...] = ("float32", "bfloat16", "int8", "int4")

Judge = Callable[[Path], None]  # raises BadInput; the path is a .gguf file, or a folder with config.json at least


def chat_model_path(named: str | Path, store: WeightStore, judge: Judge, revision: str = "main") -> Path:
    """The .gguf file or the folder of a model.

    A hub id ("owner/name") without a local path of that name is fetched once, after its config has passed `judge`.
    Raises what `judge` raises, WeightsError where the model cannot be fetched, BadInput for a name that is neither.
    """
    path = Path(named).expanduser()
    if path.exists():
        if path.is_dir() and not (path / "config.json").is_file():
            raise BadInput(f"There is no config.json in {path}; name a hub id, a downloaded folder or a .gguf file.")
        judge(path)
        return path
    if not HUB_ID.fullmatch(str(named)) or path.suffix == ".gguf":
        raise BadInput(f"{path} does not exist; name a folder, a .gguf file, or a model of the hub as owner/name.")
    config = store.pull_from_hub(str(named), revision, only=("config.json",))
    if not (config / "config.json").is_file():
        config.rmdir()
        raise BadInput(
            f"{named} has no config.json on the hub: name the original model, or download one .gguf file and name that."
        )
    judge(config)
    return store.pull_from_hub(str(named), revision)


def chat_setup(
    named: str | Path,
    store: WeightStore,
    free_bytes: float,
    *,
    precision: Quantisation | None = None,
    device: str | None = None,
    context_tokens: int | None = None,
    revision: str = "main",
    report: Callable[[str], None] = lambda _line: None,
) -> Setup:
    """The setup that runs the chat model `named`, with the embedded ASR, vision and TTS.

    `report` gets the judgement before anything large is fetched. Raises as `judgement` and `chat_model_path` do.
    """
    given = {"precision": precision, "device": device, "context_tokens": context_tokens}
    options: dict[str, Any] = {name: value for name, value in given.items() if value}

    def judge(path: Path) -> None:
        report(f"{named}: {judgement(ChatModelSettings(model_path=path, **options), free_bytes)}")

    path = chat_model_path(named, store, judge, revision)
    return Setup("llm", ChatModelSettings(model_path=path, **options), ABOUT)


def judgement(chosen: ChatModelSettings, free_bytes: float) -> str:
    """One line about the memory that the model needs here and how fast it generates; takes a tenth of a second.

    Raises BadInput for an unsupported model family, and for a model that does not fit, with a precision that would.
    """
    from dialogue.llm.device import device_for
    from dialogue.sizing.model_estimate import ModelEstimate, estimate, memory_speed
    from dialogue.sizing.session_memory import free_device_memory

    device = device_for(chosen.device)
    speed = memory_speed(device)
    free_bytes = free_bytes if device == "cpu" else free_device_memory(device)
    rest = REST_BYTES if device == "cpu" else 0.0

    def at(precision: Quantisation) -> ModelEstimate:
        return estimate(chosen.model_path, precision, chosen.context_tokens, speed, SESSIONS, device)

    found = at(chosen.precision)
    if found.bytes + rest <= free_bytes:
        return found.sentence()
    fitting = [precision for precision in FINER_TO_COARSER if at(precision).bytes + rest <= free_bytes]
    raise BadInput(f"{chosen.model_path.name}: {found.sentence()}. {no_room(rest, free_bytes, device, fitting)}")


def no_room(rest: float, free_bytes: float, device: str, fitting: Sequence[Quantisation]) -> str:
    """Says that a model and the `rest` beside it do not fit, and what to do; `fitting`: the precisions that would."""
    advice = f"use --precision {fitting[0]}" if fitting else "use a smaller model, or close other programs"
    return (
        f"With {rest / 1e9:.1f} GB for ASR, vision and TTS that does not fit into the {free_bytes / 1e9:.1f} GB that "
        f"are free on {device}; {advice}."
    )
