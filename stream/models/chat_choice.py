"""From what a person calls a chat model (a hub id, a folder, a .gguf file) to the setup that thinks with it.

The model is judged by its config before anything large is fetched or loaded. Knows no environment: how much memory is
free is handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dialogue.engines.settings import ChatModelSettings
from dialogue.errors import BadInput
from dialogue.llm.precision import Quantisation
from stream.models.model_choice import HUB_ID
from stream.models.setup import Setup
from stream.models.weights import WeightStore

ABOUT = "a chat model of the user's (--llm); the rest as in laptop"
REST_BYTES = 1.5e9  # what recognition, vision, voice and libraries take beside the model
SESSIONS = 2  # at once
FINER_TO_COARSER: tuple[Quantisation, ...] = ("float32", "bfloat16", "int8", "int4")

Judge = Callable[[Path], None]  # raises BadInput; the path is a .gguf file, or a folder with config.json at least


def chat_model_path(named: str | Path, store: WeightStore, judge: Judge, revision: str = "main") -> Path:
    """The .gguf file or the folder of a model. A hub id ("owner/name") that is nothing here is fetched once, after its
    config has passed `judge`. Raises what `judge` raises, WeightsError where the model cannot be fetched, BadInput.
    """
    path = Path(named).expanduser()
    if path.exists():
        if path.is_dir() and not (path / "config.json").is_file():
            raise BadInput(
                f"there is no config.json in {path}: a model is a hub id, a downloaded folder or a .gguf file"
            )
        judge(path)
        return path
    if not HUB_ID.fullmatch(str(named)) or path.suffix == ".gguf":
        raise BadInput(f"there is no {path}; name a folder, a .gguf file, or a model of the hub as owner/name")
    config = store.pull_from_hub(str(named), revision, only=("config.json",))
    if not (config / "config.json").is_file():
        config.rmdir()
        raise BadInput(
            f"{named} has no config.json on the hub: name the original model, or download one .gguf file and name that"
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
    tell: Callable[[str], None] = lambda _line: None,
) -> Setup:
    """The setup that runs the chat model named so; recognition, vision and voice are the embedded ones.

    `tell` is given the judgement before anything large is fetched. Raises as `judgement` and `chat_model_path` do.
    """
    given = {"precision": precision, "device": device, "context_tokens": context_tokens}
    options: dict[str, Any] = {name: value for name, value in given.items() if value}

    def judge(path: Path) -> None:
        tell(f"{named}: {judgement(ChatModelSettings(model_path=path, **options), free_bytes)}")

    path = chat_model_path(named, store, judge, revision)
    return Setup("llm", ChatModelSettings(model_path=path, **options), ABOUT)


def judgement(chosen: ChatModelSettings, free_bytes: float) -> str:
    """One line on what the model will need here and how fast it will speak (takes a tenth of a second).

    Raises BadInput where it is not of a family that runs here, and where it does not fit, with what would.
    """
    from dialogue.llm.device import device_for
    from dialogue.sizing.model_estimate import ModelEstimate, estimate, free_on_card, memory_speed

    device = device_for(chosen.device)
    speed = memory_speed(device)
    free_bytes = free_bytes if device == "cpu" else free_on_card(device)
    rest = REST_BYTES if device == "cpu" else 0.0

    def at(precision: Quantisation) -> ModelEstimate:
        return estimate(chosen.model_path, precision, chosen.context_tokens, speed, SESSIONS, device)

    found = at(chosen.precision)
    if found.bytes + rest <= free_bytes:
        return found.sentence()
    fitting = [precision for precision in FINER_TO_COARSER if at(precision).bytes + rest <= free_bytes]
    advice = f"take --precision {fitting[0]}" if fitting else "take a smaller model, or end other programs"
    raise BadInput(
        f"{chosen.model_path.name}: {found.sentence()}. With {rest / 1e9:.1f} GB for recognition, vision and voice "
        f"that does not fit into the {free_bytes / 1e9:.1f} GB that are free on {device}; {advice}."
    )
