"""Defines a setup, one frozen record, and the named presets. Reads no environment and loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from dialogue.engine import Capabilities
from dialogue.engines.registry import capabilities_of
from dialogue.engines.settings import EmbeddedSettings, EngineSettings, RemoteSettings, ScriptedSettings
from dialogue.llm.precision import Precision
from dialogue.tools.tool import Tool
from stream.runtime.budget import budget_for
from stream.runtime.given import Detail
from stream.tools.mcp_config import McpServer


@dataclass(frozen=True)
class CaptionerSettings:
    """An image-text model that describes pictures to an engine that cannot see, at most once in `every_s` seconds."""

    model_path: Path
    precision: Precision = "bfloat16"
    device: str = "auto"
    every_s: float = 4.0


@dataclass(frozen=True)
class DelegateSettings:
    """A larger model that answers what the call's own model passes on: an OpenAI-compatible server at `url` (".../v1"),
    or the .gguf file `model_path`, which runs in a process of its own. `sees`: it gets the camera's picture."""

    url: str = ""
    model_path: Path | None = None
    model: str | None = None
    api_key: str | None = field(default=None, repr=False)
    sees: bool = False


@dataclass(frozen=True)
class VisionSettings:
    """How often the camera's pictures are looked at, and in what detail."""

    looks_per_s: float = 2.0  # detection runs at most this often
    read_every_s: float = 4.0  # text is read at least this often while something moves
    hd: Detail = "asked"  # which pictures a model that sees gets at full detail


@dataclass(frozen=True)
class TurnSettings:
    """When a turn of the user is prepared for, when it is over, and how the wait for an answer is filled."""

    hangover_s: float = 0.40  # silence after which a turn is over where nothing else is known
    speculate_after_s: float = 0.096  # silence after which the answer is prepared
    partial_every_s: float = 0.5  # new speech between two partial transcripts
    acknowledges: bool = True  # a short phrase ends the silence before a late answer


@dataclass(frozen=True)
class Setup:
    """How one machine runs the assistant. `asr`, `tts`, `detector` and `namer` name entries of
    `stream.models.components`."""

    name: str
    engine: EngineSettings
    about: str
    capacity: int = 2  # sessions at once, where the engine was not measured
    sessions: int | None = None  # sessions at once that the user asks for, whatever was measured
    asr: str = "whisper-tiny.en"
    tts: str = "hibari"
    detector: str = "nanodet-g"
    namer: str = "efficientnet-lite0"
    language: str = "auto"  # of the call, as in ISO 639-1; "auto" follows the user
    vision: VisionSettings = VisionSettings()
    turns: TurnSettings = TurnSettings()
    captioner: CaptionerSettings | None = None
    tools: tuple[Tool, ...] = ()  # the user's functions, for an engine that calls functions
    delegate: DelegateSettings | None = None
    library: Path | None = None  # the index of the user's documents
    remember: Path | None = None  # the file that keeps the event log across calls
    mcp: tuple[McpServer, ...] = ()  # servers whose tools it may call too
    chooses_llm: bool = False  # `default_llm` replaces the engine by the embedded LLM that fits the machine
    llm_choice: str = ""  # which embedded LLM was chosen, and why
    upgrade: EngineSettings | None = None  # the engine of calls that begin once its weights have been fetched

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the engine does itself in a call. Raises BadInput for unusable model files."""
        return capabilities_of(self.engine)

    @property
    def needs_voice(self) -> bool:
        """Whether the TTS is opened: for an engine that does not speak, and to say that an engine's server is lost."""
        return not self.capabilities.speaks or self.engine.server is not None

    @cached_property
    def budget_s(self) -> Mapping[str, float]:
        """Seconds each stage of a turn may take. Raises as `capabilities`."""
        return budget_for(self.capabilities)


SETUPS: Mapping[str, Setup] = {
    "laptop": Setup(
        "laptop",
        EmbeddedSettings(),
        "embedded models on a 2-core CPU; nothing leaves the machine",
        chooses_llm=True,
    ),
    "scripted": Setup("scripted", ScriptedSettings(), "fixed lines instead of a model, for demos", capacity=16),
    "remote": Setup(
        "remote",
        RemoteSettings(),
        "the language model runs on an OpenAI-compatible server; ASR, vision and TTS stay here",
    ),
}
