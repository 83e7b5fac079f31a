"""Defines one frozen settings record per engine. Plain data: loads nothing and imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

from dialogue.errors import BadInput
from dialogue.llm.precision import Precision, Quantisation

# What goes to an engine's server: everything that is said, as text; pictures of the camera as well; the sound of the
# microphone, with or without pictures.
Sent = Literal["words", "pictures", "sound", "sound_with_pictures"]

CONSENT = (
    "A voice is cloned from its recording, which takes the consent of the person who speaks in it. With that consent, "
    "add --speaker-consents (in Python, speaker_consents=True); without it, leave the voice out."
)


@dataclass(frozen=True, kw_only=True)
class EngineSettings:
    """The settings that every engine has. `context_tokens` is the size of a session's context."""

    context_tokens: int = 2048

    @property
    def server(self) -> str | None:
        """The address that the conversation is sent to; None for an engine on this machine."""
        return None

    @property
    def sent(self) -> Sent | None:
        """What of the conversation is sent there."""
        return "words" if self.server is not None else None


@dataclass(frozen=True, kw_only=True)
class EmbeddedSettings(EngineSettings):
    """The embedded language model with rules around it."""


@dataclass(frozen=True, kw_only=True)
class LargerEmbeddedSettings(EngineSettings):
    """The larger embedded language model, for machines that are fast enough for it."""

    context_tokens: int = 4096


@dataclass(frozen=True, kw_only=True)
class ScriptedSettings(EngineSettings):
    """Fixed lines instead of a model."""


@dataclass(frozen=True, kw_only=True)
class RemoteSettings(EngineSettings):
    """An OpenAI-compatible chat server at `url` (".../v1"). `model` None takes the first one that it lists.

    `sees`: the camera's pictures are sent to it; `hears`: the sound of the user's words. `stand_in`: while it does not
    answer, the embedded model does.
    """

    url: str = ""
    model: str | None = None
    api_key: str | None = field(default=None, repr=False)
    sees: bool = False
    hears: bool = False
    stand_in: bool = True
    context_tokens: int = 8192

    @property
    def server(self) -> str | None:
        return self.url

    @property
    def sent(self) -> Sent:
        if self.hears:
            return "sound_with_pictures" if self.sees else "sound"
        return "pictures" if self.sees else "words"


@dataclass(frozen=True, kw_only=True)
class RealtimeSettings(EngineSettings):
    """A server that holds whole voice conversations, at `url`: the address of its WebSocket, or its base (".../v1") for
    OpenAI's Realtime dialect. `dialect` "auto" takes the one that the address names."""

    url: str = ""
    model: str | None = None
    api_key: str | None = field(default=None, repr=False)
    dialect: Literal["auto", "openai", "live", "minicpm"] = "auto"
    context_tokens: int = 8192

    @property
    def server(self) -> str | None:
        return self.url

    @property
    def sent(self) -> Sent:
        return "sound_with_pictures" if self.sees else "sound"

    @property
    def kind(self) -> Literal["openai", "live", "minicpm"]:
        """The dialect."""
        if self.dialect != "auto":
            return self.dialect
        parts = urlsplit(self.url)
        if "mode" in parse_qs(parts.query):
            return "minicpm"
        return "live" if "/live" in parts.path else "openai"

    @property
    def sees(self) -> bool:
        """Whether it takes pictures."""
        asked = parse_qs(urlsplit(self.url).query).get("mode")
        return self.kind == "openai" or (self.kind == "minicpm" and asked != ["audio"])

    @property
    def address(self) -> str:
        """The address of the WebSocket."""
        parts, paths = urlsplit(self.url), {"openai": "/realtime", "live": "/live/sessions", "minicpm": "/realtime"}
        scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
        path = parts.path.rstrip("/")
        if path.endswith("/v1") or not path:
            path = (path or "/v1") + paths[self.kind]
        query = dict(parse_qsl(parts.query))
        if self.kind == "minicpm":
            query.setdefault("mode", "video")
        if self.model is not None and self.kind != "live":
            query["model"] = self.model
        return urlunsplit((scheme, parts.netloc, path, urlencode(query), ""))


@dataclass(frozen=True, kw_only=True)
class ModelSettings(EngineSettings):
    """A downloaded model in the folder `model_path`. `device` "auto" takes a graphics card if torch finds one."""

    model_path: Path
    context_tokens: int = 4096
    precision: Precision = "bfloat16"
    device: str = "auto"


@dataclass(frozen=True, kw_only=True)
class ChatModelSettings(EngineSettings):
    """A chat model of the Llama family: a folder or a .gguf file. `precision` "auto" takes the fastest. `adapters`
    are the names and folders of LoRA adapters in PEFT's format; a session begins with the first."""

    model_path: Path
    context_tokens: int = 4096
    precision: Quantisation = "auto"
    device: str = "auto"
    adapters: tuple[tuple[str, Path], ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImageTextSettings(ModelSettings):
    """Any image-text model of transformers."""


@dataclass(frozen=True, kw_only=True)
class MiniCPMSettings(ModelSettings):
    """A model of the MiniCPM family. `adapters` as for a chat model."""

    adapters: tuple[tuple[str, Path], ...] = ()


@dataclass(frozen=True, kw_only=True)
class MiniCPM3Settings(MiniCPMSettings):
    """MiniCPM3: text and function calls."""


@dataclass(frozen=True, kw_only=True)
class MiniCPMVSettings(MiniCPMSettings):
    """MiniCPM-V 2.5 and 2.6."""


@dataclass(frozen=True, kw_only=True)
class SpeakingModelSettings(MiniCPMSettings):
    """A MiniCPM-o model. `voice` is a recording of the voice to speak with, which needs its speaker's consent."""

    voice: Path | None = None
    speaker_consents: bool = False

    def __post_init__(self) -> None:
        """Raises BadInput for a voice without its speaker's consent."""
        if self.voice is not None and not self.speaker_consents:
            raise BadInput(CONSENT)


@dataclass(frozen=True, kw_only=True)
class MiniCPMO26Settings(SpeakingModelSettings):
    """MiniCPM-o 2.6."""


@dataclass(frozen=True, kw_only=True)
class MiniCPMO45Settings(SpeakingModelSettings):
    """MiniCPM-o 4.5. `window` is what leaves a full context: the oldest seconds ("basic"), or all but the newest
    seconds, with the words spoken in them kept as text ("context")."""

    window: Literal["basic", "context"] = "basic"
