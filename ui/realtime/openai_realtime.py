"""OpenAI's Realtime dialect (GA): client events become the session's input, the session's events become server events.

Pure: no socket and no clock of its own. Sound is PCM of 16 bits at 24 kHz, as base64. The session decides about turns
(`server_vad`, `semantic_vad`), or the client does (`turn_detection` null: commit, then `response.create`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

from audio.chunk import Chunk, Samples
from dialogue.errors import BadInput
from stream.runtime.events import (
    ContextShown,
    DeviceSwitched,
    Expressed,
    Interrupted,
    Notice,
    Perceived,
    ReplyEnded,
    ReplyText,
    SessionEnded,
    State,
    StateChanged,
    TalkKeyPressed,
    TextTyped,
    UserCaption,
)
from ui.realtime.dialect import Beginning, Message, Taken
from ui.realtime.openai_event import event_of, new_id
from ui.realtime.openai_response import OpenAiResponse
from ui.realtime.openai_session import OpenAiSession
from ui.realtime.sound import pcm16_from, picture_from_url
from ui.realtime.usage import UsageCount

RATE_HZ = 24_000


class OpenAiRealtime:
    """One session in this dialect. `take` and `express` are called in order of time."""

    def __init__(self, model: str) -> None:
        self.session = OpenAiSession(model)
        self._usage = UsageCount()
        self._pending: list[str] = []  # typed items that await response.create
        self._key_down = False  # manual turns: sound of an open turn has been appended
        self._heard_ms = 0.0
        self._user_item: str | None = None
        self._last_item: str | None = None
        self._response: OpenAiResponse | None = None
        self._take: dict[str, Callable[[Mapping[str, Any]], Taken]] = {
            "session.update": self._update,
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": self._clear,
            "conversation.item.create": self._create_item,
            "conversation.item.truncate": self._truncate,
            "response.create": self._create_response,
            "response.cancel": self._cancel,
        }

    def opened(self) -> list[Message]:
        return [event_of("session.created", session=self.session.described())]

    def waiting(self, position: int, wait_s: float | None, length: int) -> list[Message] | None:
        return None

    def beginning(self) -> Beginning:
        self.session.begun = True
        return Beginning(self.session.instructions, hands_free=self.session.detects_turns, out_rate=RATE_HZ)

    def failed(self, message: str, code: str | None = None) -> Message:
        return error_event(message, None, code=code, kind="invalid_request_error" if code is None else "server_error")

    def take(self, message: Any) -> Taken:
        try:
            if not isinstance(message, Mapping) or not isinstance(message.get("type"), str):
                raise BadInput("An event must be a JSON object with a type.")
            handler = self._take.get(message["type"])
            if handler is None:
                raise BadInput(f"There is no event of the type {message['type'][:80]!r} here.")
            return handler(message)
        except BadInput as error:
            return Taken(answers=[error_event(str(error), message.get("event_id") if _is_map(message) else None)])

    def express(self, event: Expressed) -> list[Message]:
        match event:
            case StateChanged(State.HEARING):
                return self._speech_started()
            case UserCaption(_, text, final=True, typed=False):
                return self._user_said(text)
            case ReplyText(turn, text):
                return [*self._begin(turn), *self._responding().text(text)]
            case ReplyEnded(turn, said, heard, cut):
                return [*self._begin(turn), *self._end(heard if cut else said, cut=cut)]
            case ContextShown(use):
                self._usage.see(use)
            case Notice("error", code, text):
                return [error_event(text, None, code=code, kind="server_error")]
            case SessionEnded(reason):
                return self._end("", cut=True) if self._response is not None and reason else []
        return []

    def voiced(self, samples: Samples) -> list[Message]:
        return self._response.sound(samples) if self._response is not None else []

    @property
    def aloud(self) -> bool:
        return self.session.aloud

    def _update(self, message: Mapping[str, Any]) -> Taken:
        by_itself = self.session.detects_turns
        self.session.update(message.get("session"))
        perceived: list[Perceived] = []
        if self.session.detects_turns is not by_itself:
            perceived.append(DeviceSwitched(hands_free=self.session.detects_turns))
            self._key_down = False
        return Taken(perceived=perceived, answers=[event_of("session.updated", session=self.session.described())])

    def _append(self, message: Mapping[str, Any]) -> Taken:
        samples = pcm16_from(message.get("audio"))
        pressed: list[Perceived] = []
        if not self.session.detects_turns and not self._key_down:
            pressed, self._key_down = [TalkKeyPressed(down=True)], True
        self._heard_ms += 1000 * len(samples) / RATE_HZ
        return Taken(begins=True, perceived=pressed, sound=Chunk(samples, RATE_HZ, 0))

    def _commit(self, message: Mapping[str, Any]) -> Taken:
        if self.session.detects_turns:
            raise BadInput("The server detects turns: set turn_detection to null to commit sound yourself.")
        if not self._key_down:
            raise BadInput("The input audio buffer is empty.")
        return Taken(answers=[*self._speech_started(announced=False), self._committed()])

    def _clear(self, message: Mapping[str, Any]) -> Taken:
        self._key_down, self._user_item = False, None
        off_and_on: list[Perceived] = [DeviceSwitched(microphone=False), DeviceSwitched(microphone=True)]
        return Taken(perceived=off_and_on, cleared=True, answers=[event_of("input_audio_buffer.cleared")])

    def _create_item(self, message: Mapping[str, Any]) -> Taken:
        item = message.get("item")
        if not _is_map(item) or item.get("type") != "message" or item.get("role") != "user":
            raise BadInput("Only messages of the user can be added here; give instructions in session.update.")
        texts, picture = list[str](), None
        for part in item.get("content") or []:
            match part.get("type") if _is_map(part) else None:
                case "input_text" if isinstance(part.get("text"), str):
                    texts.append(part["text"])
                case "input_image":
                    picture = picture_from_url(part.get("image_url"), "image_url")
                case _:
                    raise BadInput("A part of a message must be input_text or input_image; append sound instead.")
        self._pending += texts
        made = {**item, "id": item.get("id") or new_id("item"), "object": "realtime.item", "status": "completed"}
        return Taken(begins=picture is not None, picture=picture, answers=self._added(made))

    def _truncate(self, message: Mapping[str, Any]) -> Taken:
        """The reply ends at what was heard so far; sound is sent at the pace at which it is heard."""
        names = {name: message.get(name) for name in ("item_id", "content_index", "audio_end_ms")}
        active: list[Perceived] = [Interrupted()] if self._response is not None else []
        return Taken(perceived=active, answers=[event_of("conversation.item.truncated", **names)])

    def _create_response(self, message: Mapping[str, Any]) -> Taken:
        if self._pending:
            text, self._pending = "\n".join(self._pending), []
            return Taken(begins=True, perceived=[TextTyped(text)])
        if self._key_down:
            self._key_down = False
            return Taken(perceived=[TalkKeyPressed(down=False)])
        raise BadInput("There is nothing to answer: add a message of the user or append sound first.")

    def _cancel(self, message: Mapping[str, Any]) -> Taken:
        if self._response is None:
            raise BadInput("No response is active.")
        return Taken(perceived=[Interrupted()])

    def _speech_started(self, *, announced: bool = True) -> list[Message]:
        if self._user_item is not None:
            return []
        self._user_item = new_id("item")
        if not announced:
            return []
        return [
            event_of("input_audio_buffer.speech_started", audio_start_ms=round(self._heard_ms), item_id=self._user_item)
        ]

    def _committed(self) -> Message:
        return event_of("input_audio_buffer.committed", item_id=self._user_item, previous_item_id=self._last_item)

    def _user_said(self, text: str) -> list[Message]:
        """The user's turn is decided; an empty one was no speech."""
        item_id, end_ms = self._user_item or new_id("item"), round(self._heard_ms)
        self._user_item = item_id
        stopped = [event_of("input_audio_buffer.speech_stopped", audio_end_ms=end_ms, item_id=item_id)]
        if not text.strip():
            self._user_item = None
            return stopped if self.session.detects_turns else []
        events = [*stopped, self._committed()] if self.session.detects_turns else []
        part = {"type": "input_audio", "transcript": text}
        item = {"id": item_id, "object": "realtime.item", "type": "message", "role": "user", "content": [part]}
        events += self._added({**item, "status": "completed"})
        kind = "conversation.item.input_audio_transcription.completed"
        usage = {"type": "duration", "seconds": 0}
        events.append(event_of(kind, item_id=item_id, content_index=0, transcript=text, usage=usage))
        self._user_item = None
        return events

    def _added(self, item: Message) -> list[Message]:
        before, self._last_item = self._last_item, item["id"]
        return [event_of(f"conversation.item.{what}", previous_item_id=before, item=item) for what in ("added", "done")]

    def _begin(self, turn: int) -> list[Message]:
        """Opens the response to `turn` where none is open."""
        if self._response is not None:
            return []
        self._response = OpenAiResponse(turn, aloud=self.aloud)
        before, self._last_item = self._last_item, self._response.item_id
        return self._response.begin(before)

    def _responding(self) -> OpenAiResponse:
        assert self._response is not None, "a response was begun"
        return self._response

    def _end(self, text: str, *, cut: bool) -> list[Message]:
        response, self._response = self._responding(), None
        return response.end(text, self._usage.since_last(), cut=cut)


def error_event(
    message: str, event_id: Any, *, code: str | None = None, kind: str = "invalid_request_error"
) -> Message:
    """An error that leaves the session alive."""
    error = {"type": kind, "code": code, "message": message, "param": None, "event_id": event_id}
    return event_of("error", error=error)


def _is_map(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)
