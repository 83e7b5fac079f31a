"""What a session begins with, beside its models and its setup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dialogue.llm.generation_config import GenerationConfig
from stream.recording.call_recording import RecordingRequest
from stream.session.said import Said


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStart:
    """`instructions` take the place of the persona unless they are empty; `said` is an earlier conversation, whose
    session is lost and which this one continues; the call is recorded as `recording` says, or not at all. `generation`
    has the options of its replies, for an engine that takes them."""

    instructions: str = ""
    said: Sequence[Said] = ()
    recording: RecordingRequest | None = None
    generation: GenerationConfig = field(default_factory=GenerationConfig)
