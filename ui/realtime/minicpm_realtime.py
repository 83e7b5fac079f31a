"""OpenBMB's Realtime V1 dialect (that of MiniCPM-o): messages become the session's input, its events become messages.

Pure: no socket and no clock. Sound is float32 as base64, 16 kHz from the client and 24 kHz to it; a message may hold
sound of any length, and pictures in the mode "video". What the session's engine cannot do per session is refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from dialogue.errors import BadInput
from dialogue.llm.generation_config import GenerationConfig
from stream.runtime.events import (
    ContextShown,
    Expressed,
    Interrupted,
    Notice,
    Perceived,
    ReplyEnded,
    ReplyText,
    SessionEnded,
    State,
    StateChanged,
    UserCaption,
)
from stream.runtime.given import PictureDetailChosen
from ui.realtime.dialect import Beginning, Message, MessageEffects
from ui.realtime.sound import decoded, float32, float32_from
from ui.realtime.usage import Tokens, UsageCount

PROTOCOL = "map.realtime"
MODES = ("audio", "video")
RATE_HZ = 24_000
MOST_FRAMES = 32  # pictures of one message
LONGEST_PROMPT = 20_000  # characters
OPTIONS = frozenset({"system_prompt", "config", "voice", "max_slice_nums"})
SHARED_OPTIONS = ("length_penalty", "max_kv_tokens")


class MiniCpmRealtime:
    """One session in this dialect. The client's first message is session.init."""

    def __init__(self, mode: str | None) -> None:
        self._mode = mode
        self._id = f"sess_{secrets.token_hex(10)}"
        self._instructions, self._aloud = "", True
        self._generation = GenerationConfig()
        self._begun = self._responding = self._closing = False
        self._usage = UsageCount()
        self._take: dict[str, Callable[[Mapping[str, Any]], MessageEffects]] = {
            "session.init": self._init,
            "input.append": self._append,
            "session.close": self._close,
        }

    @property
    def aloud(self) -> bool:
        return self._aloud

    def opened(self) -> list[Message]:
        return [{"type": "session.queue_done"}]

    def waiting(self, position: int, wait_s: float | None, length: int) -> list[Message] | None:
        return [
            {"type": "session.queued", "position": position, "estimated_wait_s": wait_s, "queue_length": length},
        ]

    def attached(self) -> list[Message]:
        raise AssertionError("Nobody attaches to a session of this dialect.")

    def visible(self, messages: list[Message]) -> list[Message]:
        return messages

    def take(self, message: Any, *, trusted: bool = False) -> MessageEffects:
        try:
            if not isinstance(message, Mapping) or not isinstance(message.get("type"), str):
                raise BadInput("A message must be a JSON object with a type.")
            handler = self._take.get(message["type"])
            if handler is None:
                raise BadInput(f"There is no message of the type {message['type'][:80]!r} here.")
            if not self._begun and handler == self._append:
                raise BadInput("The first message must be session.init.")
            return handler(message)
        except BadInput as error:
            return MessageEffects(answers=[self.failed(str(error))])

    def beginning(self) -> Beginning:
        return Beginning(self._instructions, generation=self._generation, out_rate=RATE_HZ)

    def express(self, event: Expressed) -> list[Message]:
        match event:
            case UserCaption(_, text, final=True) if text.strip():
                return [{"type": "input_audio_transcription.completed", "transcript": text}]
            case ReplyText(_, text):
                self._responding = True
                return [{"type": "response.output_text.delta", "text": text}]
            case ReplyEnded(_, _, _, cut):
                return self._ended(cut=cut)
            case StateChanged(State.LISTENING) if not self._responding:
                return [{"type": "response.listen"}]
            case ContextShown(use):
                self._usage.see(use)
            case Notice("error", code, text):
                return [self.failed(text, code)]
            case SessionEnded(reason) if not self._closing:
                self._closing = True
                return [{"type": "session.closed", "reason": reason}]
        return []

    def voiced(self, samples: Samples) -> list[Message]:
        return [{"type": "response.output_audio.delta", "audio": float32(samples)}]

    def called(self, call_id: str, name: str, arguments: str) -> list[Message]:
        raise AssertionError("Clients of this dialect have no functions.")

    def larger_said(self, text: str) -> list[Message]:
        return []

    def failed(self, message: str, code: str | None = None) -> Message:
        return {"type": "error", "error": {"code": code or "invalid_request", "message": message}}

    def _init(self, message: Mapping[str, Any]) -> MessageEffects:
        if self._begun:
            raise BadInput("The session has begun already.")
        if self._mode not in MODES:
            raise BadInput(f"The address must say mode={' or mode='.join(MODES)}.")
        payload = _map(message.get("payload"), "payload")
        if strange := sorted(set(payload) - OPTIONS):
            raise BadInput(f"session.init has no option {strange[0][:80]!r}.")
        config = _map(payload.get("config"), "config")
        for name in SHARED_OPTIONS:
            if config.get(name) is not None:
                raise BadInput(f"{name} is set for all sessions when the server is started; leave it out.")
        if any(_map(payload.get("voice"), "voice").values()):
            raise BadInput("The voice is set for all sessions when the server is started; leave out voice.")
        if payload.get("max_slice_nums") not in (None, 1):
            raise BadInput("Pictures are not sliced in a live session: max_slice_nums must be 1.")
        prompt, aloud = payload.get("system_prompt") or "", config.get("tts_enabled")
        if not isinstance(prompt, str) or len(prompt) > LONGEST_PROMPT:
            raise BadInput(f"system_prompt must be text of at most {LONGEST_PROMPT} characters.")
        if aloud is not None and not isinstance(aloud, bool):
            raise BadInput("tts_enabled must be true or false.")
        detail = config.get("vision_hd")
        if detail is not None and not isinstance(detail, bool):
            raise BadInput("vision_hd must be true or false.")
        chosen: list[Perceived] = [] if detail is None else [PictureDetailChosen("always" if detail else "asked")]
        self._generation = GenerationConfig(
            temperature=config.get("temperature"), max_new_tokens=config.get("max_tokens")
        )
        self._instructions, self._aloud, self._begun = prompt, aloud is not False, True
        created = {"type": "session.created", "session_id": self._id}
        return MessageEffects(begins=True, perceived=chosen, answers=[created])

    def _append(self, message: Mapping[str, Any]) -> MessageEffects:
        sent = _map(message.get("input"), "input")
        samples, force = float32_from(sent.get("audio")), sent.get("force_listen", False)
        if not isinstance(force, bool):
            raise BadInput("force_listen must be true or false.")
        frames = sent.get("video_frames") or []
        if not isinstance(frames, list) or len(frames) > MOST_FRAMES:
            raise BadInput(f"video_frames must be a list of at most {MOST_FRAMES} pictures.")
        if frames and self._mode != "video":
            raise BadInput("Pictures need a session of the mode video.")
        if frames and not len(samples):
            raise BadInput("Pictures come together with sound.")
        picture = [decoded(frame, "video_frames") for frame in frames][-1] if frames else None
        sound = Chunk(samples, HEARING_RATE_HZ, 0) if len(samples) else None
        return MessageEffects(picture=picture, perceived=[Interrupted()] if force else [], sound=sound)

    def _close(self, message: Mapping[str, Any]) -> MessageEffects:
        reason = message.get("reason", "user_stop")
        if not isinstance(reason, str):
            raise BadInput("reason must be text.")
        self._closing = True
        return MessageEffects(
            answers=[{"type": "session.closed", "reason": reason[:200], "usage": _usage(self._usage.tokens)}], ends=True
        )

    def _ended(self, *, cut: bool) -> list[Message]:
        """The end of a response. After a cut, the client drops the sound that it has not played."""
        self._responding = False
        last: Message = {"type": "response.output_text.delta", "text": "", "end_of_turn": True}
        done = {
            "type": "response.done",
            "usage": _usage(self._usage.tokens),
            "response": {"usage": _usage(self._usage.since_last())},
        }
        return [{"type": "response.listen"} if cut else last, done]


def _usage(tokens: Tokens) -> Message:
    return {
        "input_tokens": tokens.input,
        "output_tokens": tokens.output,
        "total_tokens": tokens.total,
        "input_tokens_details": {"audio_tokens": tokens.sound, "vision_tokens": tokens.picture},
        "output_tokens_details": {"audio_tokens": 0},  # sound is made from the tokens of text, outside of the context
    }


def _map(value: Any, name: str) -> Mapping[str, Any]:
    """The JSON object of a field, empty where it is absent. Raises BadInput."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadInput(f"{name} must be an object.")
    return value
