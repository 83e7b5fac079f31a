"""The session object of OpenAI's Realtime dialect: what a client may set, and what holds."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from dialogue.errors import BadInput

PCM = {"type": "audio/pcm", "rate": 24_000}
DETECTION = {"type": "semantic_vad", "eagerness": "auto", "create_response": True, "interrupt_response": True}


class OpenAiSession:
    """The settings of one session. Instructions are taken until the conversation begins."""

    def __init__(self, model: str) -> None:
        self._model, self._id = model, f"sess_{secrets.token_hex(10)}"
        self.instructions = ""
        self.begun = False
        self.aloud = True
        self._detection: Mapping[str, Any] | None = DETECTION

    @property
    def detects_turns(self) -> bool:
        """Whether the server decides when the user has finished."""
        return self._detection is not None

    def update(self, wanted: Any) -> None:
        """Applies the `session` of a session.update. Raises BadInput for what this server cannot do."""
        if not isinstance(wanted, Mapping):
            raise BadInput("session.update must have a session.")
        instructions = wanted.get("instructions", self.instructions)
        if not isinstance(instructions, str):
            raise BadInput("instructions must be text.")
        if self.begun and instructions != self.instructions:
            raise BadInput("The conversation has begun: instructions can be set before it only.")
        if wanted.get("tools"):
            raise BadInput("This server does not call the functions of a client; leave out tools.")
        modalities = wanted.get("output_modalities", ["audio" if self.aloud else "text"])
        if modalities not in (["audio"], ["text"]):
            raise BadInput('output_modalities must be ["audio"] or ["text"].')
        detection = self._wanted_detection(wanted)
        self.instructions, self.aloud, self._detection = instructions, modalities == ["audio"], detection

    def _wanted_detection(self, wanted: Mapping[str, Any]) -> Mapping[str, Any] | None:
        audio = wanted.get("audio") or {}
        sides = [audio.get(side) or {} for side in ("input", "output")] if isinstance(audio, Mapping) else [None]
        if not all(isinstance(side, Mapping) for side in sides):
            raise BadInput("audio must have the form {input: {...}, output: {...}}.")
        for side in sides:
            if (side or {}).get("format") not in (None, PCM, {"type": "audio/pcm"}):
                raise BadInput("The format of sound must be audio/pcm at 24000.")
        detection = (sides[0] or {}).get("turn_detection", self._detection)
        if detection is None:
            return None
        if not isinstance(detection, Mapping) or detection.get("type") not in ("server_vad", "semantic_vad"):
            raise BadInput("turn_detection must be null, server_vad or semantic_vad.")
        return detection

    def described(self) -> dict[str, Any]:
        """The session as the server reports it."""
        return {
            "type": "realtime",
            "object": "realtime.session",
            "id": self._id,
            "model": self._model,
            "instructions": self.instructions,
            "output_modalities": ["audio" if self.aloud else "text"],
            "audio": {
                "input": {"format": PCM, "turn_detection": self._detection, "transcription": None},
                "output": {"format": PCM, "voice": "default", "speed": 1.0},
            },
            "tools": [],
            "tool_choice": "none",
        }
