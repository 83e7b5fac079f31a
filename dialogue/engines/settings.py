"""Defines one frozen settings record per engine. Plain data: loads nothing and imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from dialogue.errors import BadInput
from dialogue.llm.precision import Precision, Quantisation

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

    `sees`: the camera's pictures are sent to it. `stand_in`: while it does not answer, the embedded model does.
    """

    url: str = ""
    model: str | None = None
    api_key: str | None = field(default=None, repr=False)
    sees: bool = False
    stand_in: bool = True
    context_tokens: int = 8192

    @property
    def server(self) -> str | None:
        return self.url


@dataclass(frozen=True, kw_only=True)
class ModelSettings(EngineSettings):
    """A downloaded model in the folder `model_path`. `device` "auto" takes a graphics card if torch finds one."""

    model_path: Path
    context_tokens: int = 4096
    precision: Precision = "bfloat16"
    device: str = "auto"


@dataclass(frozen=True, kw_only=True)
class ChatModelSettings(EngineSettings):
    """A chat model of the Llama family: a folder or a .gguf file. `precision` "auto" takes the fastest."""

    model_path: Path
    context_tokens: int = 4096
    precision: Quantisation = "auto"
    device: str = "auto"


@dataclass(frozen=True, kw_only=True)
class ImageTextSettings(ModelSettings):
    """Any image-text model of transformers."""


@dataclass(frozen=True, kw_only=True)
class MiniCPM3Settings(ModelSettings):
    """MiniCPM3: text and function calls."""


@dataclass(frozen=True, kw_only=True)
class MiniCPMVSettings(ModelSettings):
    """MiniCPM-V 2.5 and 2.6."""


@dataclass(frozen=True, kw_only=True)
class SpeakingModelSettings(ModelSettings):
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
