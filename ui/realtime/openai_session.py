"""The session object of OpenAI's Realtime dialect: what a client may set, and what holds."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from dialogue.engine import Capabilities
from dialogue.errors import BadInput
from stream.runtime.given import TurnsChosen
from ui.realtime.openai_turns import turns_chosen
from ui.realtime.sound_format import LAWS, PCM, SoundFormat

DETECTION = {"type": "semantic_vad", "eagerness": "auto", "create_response": True, "interrupt_response": True}
MOST_FUNCTIONS = 32


class OpenAiSession:
    """The settings of one session. Functions and formats of sound are taken until the conversation begins."""

    def __init__(self, model: str, can: Capabilities) -> None:
        self._model, self._can, self._id = model, can, f"sess_{secrets.token_hex(10)}"
        self.instructions = ""
        self.begun = False
        self.aloud = True
        self.functions: tuple[Mapping[str, Any], ...] = ()
        self.input_format = self.output_format = SoundFormat()
        self._detection: Mapping[str, Any] | None = DETECTION

    @property
    def detects_turns(self) -> bool:
        """Whether the server decides when the user has finished."""
        return self._detection is not None

    @property
    def turns(self) -> TurnsChosen:
        """How turns are to be decided, where the server decides them."""
        return turns_chosen(self._detection or DETECTION)

    def update(self, wanted: Any) -> None:
        """Applies the `session` of a session.update. Raises BadInput for what this server cannot do."""
        if not isinstance(wanted, Mapping):
            raise BadInput("session.update must have a session.")
        instructions = wanted.get("instructions", self.instructions)
        if not isinstance(instructions, str):
            raise BadInput("instructions must be text.")
        if self.begun and self._can.hears and instructions != self.instructions:
            raise BadInput("The conversation has begun: this model takes instructions before it only.")
        modalities = wanted.get("output_modalities", ["audio" if self.aloud else "text"])
        if modalities not in (["audio"], ["text"]):
            raise BadInput('output_modalities must be ["audio"] or ["text"].')
        sides = self._sides(wanted)
        formats = [
            _format(side) or now for side, now in zip(sides, (self.input_format, self.output_format), strict=True)
        ]
        functions, detection = self._wanted_functions(wanted), self._wanted_detection(sides[0])
        if self.begun and (formats != [self.input_format, self.output_format] or functions != self.functions):
            raise BadInput("The conversation has begun: tools and the format of sound can be set before it only.")
        self.instructions, self.aloud, self._detection = instructions, modalities == ["audio"], detection
        self.functions = functions
        self.input_format, self.output_format = formats

    @staticmethod
    def _sides(wanted: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """The settings of the client's sound, and those of the voice."""
        audio = wanted.get("audio") or {}
        sides = [audio.get(side) or {} for side in ("input", "output")] if isinstance(audio, Mapping) else []
        if not sides or not all(isinstance(side, Mapping) for side in sides):
            raise BadInput("audio must have the form {input: {...}, output: {...}}.")
        return sides

    def _wanted_detection(self, sound: Mapping[str, Any]) -> Mapping[str, Any] | None:
        detection = sound.get("turn_detection", self._detection)
        if detection is None:
            return None
        if not turns_chosen(detection).answers and self._can.duplex:
            raise BadInput("This model decides itself when it answers: create_response must be true.")
        return {**detection}

    def _wanted_functions(self, wanted: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
        tools = wanted.get("tools")
        if tools is None:
            return self.functions
        if not isinstance(tools, list) or len(tools) > MOST_FUNCTIONS:
            raise BadInput(f"tools must be a list of at most {MOST_FUNCTIONS} functions.")
        for tool in tools:
            if not isinstance(tool, Mapping) or tool.get("type") != "function" or not isinstance(tool.get("name"), str):
                raise BadInput("A tool must be a function with a name.")
        if tools and not self._can.tools:
            raise BadInput("This server's model calls no functions; leave out tools.")
        return tuple(tools) if wanted.get("tool_choice") != "none" else ()

    def described(self) -> dict[str, Any]:
        """The session as the server reports it."""
        sound = {"format": self.input_format.described(), "turn_detection": self._detection, "transcription": None}
        return {
            "type": "realtime",
            "object": "realtime.session",
            "id": self._id,
            "model": self._model,
            "instructions": self.instructions,
            "output_modalities": ["audio" if self.aloud else "text"],
            "audio": {
                "input": sound,
                "output": {"format": self.output_format.described(), "voice": "default", "speed": 1.0},
            },
            "tools": list(self.functions),
            "tool_choice": "auto" if self.functions else "none",
        }


def _format(side: Mapping[str, Any]) -> SoundFormat | None:
    """The format of sound that is wanted; None where nothing is said."""
    wanted = side.get("format")
    kind = wanted.get("type") if isinstance(wanted, Mapping) else wanted
    if wanted is None:
        return None
    if kind in LAWS:
        return SoundFormat.g711(str(kind))
    if kind != PCM or not isinstance(wanted, Mapping) or wanted.get("rate", 24_000) != 24_000:
        raise BadInput("The format of sound must be audio/pcm at 24000, audio/pcmu or audio/pcma.")
    return SoundFormat()
