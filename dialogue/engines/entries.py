"""Lists the built-in engines. Each engine's module is imported when it is opened, and only then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dialogue.engine import Capabilities
from dialogue.engines.entry import EngineEntry, EngineFactory, EngineResources, Measurement
from dialogue.engines.settings import (
    ChatModelSettings,
    EmbeddedSettings,
    ImageTextSettings,
    LargerEmbeddedSettings,
    MiniCPM3Settings,
    MiniCPMO26Settings,
    MiniCPMO45Settings,
    MiniCPMSettings,
    MiniCPMVSettings,
    RealtimeSettings,
    RemoteSettings,
    ScriptedSettings,
    SpeakingModelSettings,
)
from dialogue.errors import BadInput
from dialogue.llm.checkpoints.decoder_config import CHAT_TYPES
from dialogue.minicpm.kind import Kind, is_kind

DEFAULT_LLM, EMBEDDER = "smollm2-135m-instruct", "all-minilm-l6-v2"
LARGER_LLM = "qwen2.5-coder-1.5b-instruct"
TEXT_ONLY = Capabilities(hears=False, sees=False, speaks=False)
SEES = Capabilities(hears=False, sees=True, speaks=False)
RULED = Capabilities(hears=False, sees=False, speaks=False, tools=True, scene_rules=True, remembers=True)


def _of_kind(*kinds: Kind) -> Callable[[Mapping[str, Any]], bool]:
    return lambda config: is_kind(config, *kinds)


def _pace(factory: Any) -> Measurement:
    return Measurement(replies=factory.measure_pace())


def _units(factory: Any) -> Measurement:
    return Measurement(units=factory.measure_units())


def _placement(settings: MiniCPMSettings | ChatModelSettings) -> dict[str, Any]:
    return {"precision": settings.precision, "device": settings.device, "adapters": settings.adapters}


def _open_embedded(settings: EmbeddedSettings, resources: EngineResources) -> EngineFactory:
    from dialogue.engines.local_chat_model import open_local_chat

    path, embedder = resources.weights[DEFAULT_LLM], resources.weights.get(EMBEDDER)
    return open_local_chat(path, resources.runner, settings.context_tokens, resources.clock, embedder_folder=embedder)


def _open_larger(settings: LargerEmbeddedSettings, resources: EngineResources) -> EngineFactory:
    from dialogue.engines.chat_model import open_larger_model

    weights, tokens = resources.weights, settings.context_tokens
    return open_larger_model(
        weights[LARGER_LLM],
        weights[DEFAULT_LLM],
        resources.runner,
        tokens,
        resources.clock,
        embedder_folder=weights.get(EMBEDDER),
    )


def _open_scripted(settings: ScriptedSettings, _resources: EngineResources) -> EngineFactory:
    from dialogue.engines.scripted import ScriptedEngine

    return lambda: ScriptedEngine(limit=settings.context_tokens)


def _open_remote(settings: RemoteSettings, resources: EngineResources) -> EngineFactory:
    from dialogue.engines.elsewhere.remote import open_remote

    if not settings.url:
        raise BadInput("The engine remote needs the address of a server, such as http://localhost:8000/v1.")
    return open_remote(
        settings.url,
        settings.model,
        context_tokens=settings.context_tokens,
        sees=settings.sees,
        hears=settings.hears,
        api_key=settings.api_key,
        stand_in=_open_embedded(EmbeddedSettings(), resources) if settings.stand_in else None,
    )


def _open_realtime(settings: RealtimeSettings, resources: EngineResources) -> EngineFactory:
    from dialogue.engines.elsewhere.realtime import RealtimeServer

    if not settings.url:
        raise BadInput("The engine realtime needs the address of a server: --url ws://localhost:8000/v1/realtime.")
    return RealtimeServer(
        settings.address,
        settings.kind,
        resources.resampling,
        model=settings.model,
        api_key=settings.api_key,
        sees=settings.sees,
        context_tokens=settings.context_tokens,
    )


def _open_chat_model(settings: ChatModelSettings, resources: EngineResources) -> EngineFactory:
    from dialogue.engines.chat_model import open_chat_model

    tokens, embedder = settings.context_tokens, resources.weights.get(EMBEDDER)
    return open_chat_model(
        settings.model_path, resources.runner, tokens, resources.clock, embedder_folder=embedder, **_placement(settings)
    )


def _open_minicpm3(settings: MiniCPM3Settings, resources: EngineResources) -> EngineFactory:
    from dialogue.engines.minicpm.minicpm3 import open_minicpm3

    return open_minicpm3(settings.model_path, resources.runner, settings.context_tokens, **_placement(settings))


def _open_minicpm_v(settings: MiniCPMSettings, resources: EngineResources) -> EngineFactory:
    from dialogue.engines.minicpm.minicpm_v import open_minicpm_v

    options = _placement(settings)
    if isinstance(settings, SpeakingModelSettings) and settings.voice is not None:
        options["voice"] = resources.read_sound(settings.voice)
    if isinstance(settings, MiniCPMO45Settings):
        options["window"] = settings.window
    return open_minicpm_v(settings.model_path, resources.runner, settings.context_tokens, **options)


def _speaks(settings: SpeakingModelSettings) -> bool:
    from dialogue.engines.minicpm.minicpm_v import capabilities_of_folder

    return capabilities_of_folder(settings.model_path, settings.voice is not None).speaks


def _open_image_text(settings: ImageTextSettings, resources: EngineResources) -> EngineFactory:
    from dialogue.engines.image_text import open_image_text

    path, tokens = settings.model_path, settings.context_tokens
    return open_image_text(path, resources.runner, tokens, precision=settings.precision, device=settings.device)


BUILT_IN = (
    EngineEntry(
        "embedded",
        "the embedded language model, with rules where answers must be exact",
        EmbeddedSettings,
        # The embedded model invents answers about texts in its prompt.
        Capabilities(hears=False, sees=False, speaks=False, reads=False, scene_rules=True, remembers=True),
        _open_embedded,
        weights=(DEFAULT_LLM,),
        optional_weights=(EMBEDDER,),
        measure=_pace,
    ),
    EngineEntry("scripted", "fixed lines, for demos and tests", ScriptedSettings, TEXT_ONLY, _open_scripted),
    EngineEntry(
        "remote",
        "an OpenAI-compatible chat server",
        RemoteSettings,
        replace(TEXT_ONLY, tools=True),
        _open_remote,
        weights=(DEFAULT_LLM,),  # the stand-in's
        optional_weights=(EMBEDDER,),
        sees=lambda settings: settings.sees,
    ),
    EngineEntry(
        "realtime",
        "a realtime server: OpenAI Realtime, GPT-Live or MiniCPM-o",
        RealtimeSettings,
        Capabilities(hears=True, sees=True, speaks=True, duplex=True, tools=True, unit_s=0.2),
        _open_realtime,
        sees=lambda settings: settings.sees,
        tools=lambda settings: settings.kind == "openai",
    ),
    EngineEntry(
        "embedded_larger",
        "the larger embedded language model, with rules where answers must be exact",
        LargerEmbeddedSettings,
        RULED,
        _open_larger,
        weights=(LARGER_LLM, DEFAULT_LLM),  # the small one judges whether the user has finished
        optional_weights=(EMBEDDER,),
        measure=_pace,
    ),
    EngineEntry(
        "chat_model",
        "a chat model of the Llama, Qwen2 or Qwen3 family",
        ChatModelSettings,
        RULED,
        _open_chat_model,
        optional_weights=(EMBEDDER,),
        runs=lambda config: config.get("model_type") in CHAT_TYPES,
        chats=True,
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
        _open_minicpm_v,
        runs=_of_kind(Kind.V25, Kind.V26),
        measure=_pace,
    ),
    EngineEntry(
        "minicpm_o26",
        "MiniCPM-o 2.6: hears, sees and speaks, turn by turn",
        MiniCPMO26Settings,
        Capabilities(hears=True, sees=True, speaks=False),
        _open_minicpm_v,
        speaks=_speaks,
        runs=_of_kind(Kind.O26),
        measure=_units,
    ),
    EngineEntry(
        "minicpm_o45",
        "MiniCPM-o 4.5: hears, sees and speaks, full duplex",
        MiniCPMO45Settings,
        Capabilities(hears=True, sees=True, speaks=False, duplex=True),
        _open_minicpm_v,
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
        fallback=True,
    ),
)
