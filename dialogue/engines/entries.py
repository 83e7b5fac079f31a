"""The entries of our own engines. Each engine's module is imported when it is opened, and only then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dialogue.engine import Capabilities
from dialogue.engines.entry import EngineEntry, EngineFactory, EngineResources, Measurement
from dialogue.engines.settings import (
    ChatModelSettings,
    EmbeddedSettings,
    ImageTextSettings,
    MiniCPM3Settings,
    MiniCPMO26Settings,
    MiniCPMO45Settings,
    MiniCPMVSettings,
    ModelSettings,
    RemoteSettings,
    ScriptedSettings,
    SpeakingModelSettings,
)
from dialogue.errors import BadInput
from dialogue.minicpm.kind import Kind, is_kind

DEFAULT_LLM, EMBEDDER = "smollm2-135m-instruct", "all-minilm-l6-v2"
TEXT_ONLY = Capabilities(hears=False, sees=False, speaks=False)
SEES = Capabilities(hears=False, sees=True, speaks=False)


def _of_kind(*kinds: Kind) -> Callable[[Mapping[str, Any]], bool]:
    return lambda config: is_kind(config, *kinds)


def _pace(factory: Any) -> Measurement:
    return Measurement(replies=factory.measure_pace())


def _units(factory: Any) -> Measurement:
    return Measurement(units=factory.measure_units())


def _placed(settings: ModelSettings | ChatModelSettings) -> dict[str, Any]:
    return {"precision": settings.precision, "device": settings.device}


def _open_embedded(settings: EmbeddedSettings, given: EngineResources) -> EngineFactory:
    from dialogue.engines.local_chat_model import open_local_chat

    path, embedder = given.weights[DEFAULT_LLM], given.weights.get(EMBEDDER)
    return open_local_chat(path, given.runner, settings.context_tokens, given.clock, embedder_folder=embedder)


def _open_scripted(settings: ScriptedSettings, _given: EngineResources) -> EngineFactory:
    from dialogue.engines.scripted import ScriptedEngine

    return lambda: ScriptedEngine(limit=settings.context_tokens)


def _open_remote(settings: RemoteSettings, _given: EngineResources) -> EngineFactory:
    from dialogue.engines.remote import open_remote

    if not settings.url:
        raise BadInput("The engine remote needs the address of a server, such as http://localhost:8000/v1.")
    return open_remote(settings.url, settings.model, context_tokens=settings.context_tokens)


def _open_chat_model(settings: ChatModelSettings, given: EngineResources) -> EngineFactory:
    from dialogue.engines.chat_model import open_chat_model

    tokens, embedder = settings.context_tokens, given.weights.get(EMBEDDER)
    return open_chat_model(
        settings.model_path, given.runner, tokens, given.clock, embedder_folder=embedder, **_placed(settings)
    )


def _open_minicpm3(settings: MiniCPM3Settings, given: EngineResources) -> EngineFactory:
    from dialogue.engines.minicpm3 import open_minicpm3

    return open_minicpm3(settings.model_path, given.runner, settings.context_tokens, **_placed(settings))


def _open_seeing(settings: ModelSettings, given: EngineResources) -> EngineFactory:
    from dialogue.engines.minicpm_v import open_minicpm_v

    options = _placed(settings)
    if isinstance(settings, SpeakingModelSettings) and settings.voice is not None:
        options["voice"] = given.read_sound(settings.voice)
    if isinstance(settings, MiniCPMO45Settings):
        options["window"] = settings.window
    return open_minicpm_v(settings.model_path, given.runner, settings.context_tokens, **options)


def _speaks(settings: SpeakingModelSettings) -> bool:
    from dialogue.engines.minicpm_v import abilities

    return abilities(settings.model_path, settings.voice is not None).speaks


def _open_image_text(settings: ImageTextSettings, given: EngineResources) -> EngineFactory:
    from dialogue.engines.image_text import open_image_text

    return open_image_text(settings.model_path, given.runner, settings.context_tokens, **_placed(settings))


OURS = (
    EngineEntry(
        "embedded",
        "the embedded language model, with rules for what must be exact",
        EmbeddedSettings,
        # The embedded model makes up answers about texts that it is given.
        Capabilities(hears=False, sees=False, speaks=False, reads=False),
        _open_embedded,
        weights=(DEFAULT_LLM,),
        optional_weights=(EMBEDDER,),
        measure=_pace,
    ),
    EngineEntry("scripted", "given lines, for demos and tests", ScriptedSettings, TEXT_ONLY, _open_scripted),
    EngineEntry("remote", "an OpenAI-compatible chat server", RemoteSettings, TEXT_ONLY, _open_remote),
    EngineEntry(
        "chat_model",
        "a chat model of the Llama, Qwen2 or Qwen3 family",
        ChatModelSettings,
        TEXT_ONLY,
        _open_chat_model,
        optional_weights=(EMBEDDER,),
        runs=lambda config: config.get("model_type") in ("llama", "qwen2", "qwen3"),
        measure=_pace,
    ),
    EngineEntry(
        "minicpm3",
        "MiniCPM3: text and function calls",
        MiniCPM3Settings,
        Capabilities(hears=False, sees=False, speaks=False, tools=True),
        _open_minicpm3,
        runs=_of_kind(Kind.TEXT3),
        measure=_pace,
    ),
    EngineEntry(
        "minicpm_v",
        "MiniCPM-V 2.5 and 2.6: sees",
        MiniCPMVSettings,
        SEES,
        _open_seeing,
        runs=_of_kind(Kind.V25, Kind.V26),
        measure=_pace,
    ),
    EngineEntry(
        "minicpm_o26",
        "MiniCPM-o 2.6: hears, sees and speaks, by turns",
        MiniCPMO26Settings,
        Capabilities(hears=True, sees=True, speaks=False),
        _open_seeing,
        speaks=_speaks,
        runs=_of_kind(Kind.O26),
        measure=_units,
    ),
    EngineEntry(
        "minicpm_o45",
        "MiniCPM-o 4.5: hears, sees and speaks, full duplex",
        MiniCPMO45Settings,
        Capabilities(hears=True, sees=True, speaks=False, duplex=True),
        _open_seeing,
        speaks=_speaks,
        runs=_of_kind(Kind.O45),
        measure=_units,
    ),
    EngineEntry(
        "image_text",
        "any image-text model of transformers: sees",
        ImageTextSettings,
        SEES,
        _open_image_text,
    ),
)
