"""The Live dialect over WebRTC: the session is started by a request, and a page may send and see what that permits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from audio.chunk import Samples
from stream.runtime.events import Expressed
from ui.realtime.dialect import Beginning, Message, MessageEffects
from ui.realtime.live.live_config import DataChannelPermissions, LiveFault, LiveServer, ResponseEventSelector
from ui.realtime.live.live_session import LiveSession
from ui.realtime.openai_event import event_of


class LiveChannel:
    """A LiveSession whose messages pass `client.data_channel` of its configuration."""

    def __init__(self, server: LiveServer, clock: Callable[[], float]) -> None:
        self._session = LiveSession(server, clock, over_webrtc=True)
        self._started: list[Message] = []

    def start(self, session: object) -> str:
        """Starts the session. Returns its id. Raises LiveFault."""
        taken = self._session.take({"type": "session.start", "session": session})
        [first] = self._started = taken.answers
        if first["type"] == "error":
            error = first["error"]
            raise LiveFault(error["message"], error["code"], error["param"])
        session_id: str = first["session"]["id"]
        return session_id

    @property
    def aloud(self) -> bool:
        return True

    def opened(self) -> list[Message]:
        permissions = self._session.permissions
        limits = event_of("info", code="data_channel_permissions", message=_described(permissions))
        return [*self._started, *([limits] if permissions is not None else [])]

    def waiting(self, position: int, wait_s: float | None, length: int) -> list[Message] | None:
        return None

    def attached(self) -> list[Message]:
        return self._session.attached()

    def take(self, message: Any, *, trusted: bool = False) -> MessageEffects:
        permissions = self._session.permissions
        allowed = permissions.allowed_client_events if permissions is not None else None
        kind = message.get("type") if isinstance(message, dict) else None
        if isinstance(allowed, list) and kind not in allowed and not trusted:
            return MessageEffects(answers=[self.failed("This page may not send that event.")])
        if kind == "session.input_audio.append":
            return MessageEffects(answers=[self.failed("Sound comes over the audio track.")])
        return self._session.take(message)

    def beginning(self) -> Beginning:
        return self._session.beginning()

    def express(self, event: Expressed) -> list[Message]:
        return self._session.express(event)

    def voiced(self, samples: Samples) -> list[Message]:
        return []  # it has a track of its own

    def called(self, call_id: str, name: str, arguments: str) -> list[Message]:
        return self._session.called(call_id, name, arguments)

    def larger_said(self, text: str) -> list[Message]:
        return self._session.larger_said(text)

    def failed(self, message: str, code: str | None = None) -> Message:
        return self._session.failed(message, code)

    def visible(self, messages: list[Message]) -> list[Message]:
        permissions = self._session.permissions
        allowed = permissions.allowed_server_events if permissions is not None else None
        if not isinstance(allowed, list):
            return messages
        return [message for message in messages if any(_selects(selector, message) for selector in allowed)]


def _selects(selector: ResponseEventSelector, message: Message) -> bool:
    if selector.type != message["type"]:
        return False
    return selector.response_event is None or selector.response_event == message["event"]["type"]


def _described(permissions: DataChannelPermissions | None) -> str:
    sent = permissions.allowed_client_events if permissions is not None else None
    return f"This page may send: {', '.join(sent) or 'nothing' if isinstance(sent, list) else 'all events'}."
