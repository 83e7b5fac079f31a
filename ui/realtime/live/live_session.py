"""OpenAI's Live dialect (GPT-Live): a session without turns, on a timeline of its own.

Pure: no socket; the clock is a parameter. The model decides when to speak. Its transcript is sent as it is heard, so
that words which an interruption swallowed are never reported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from audio.chunk import Chunk, Samples
from dialogue.errors import BadInput
from stream.runtime.events import (
    ContextShown,
    DelegationChanged,
    DeviceSwitched,
    Expressed,
    Notice,
    ReplyEnded,
    ReplyHeard,
    ReplyText,
    SessionEnded,
    State,
    StateChanged,
    UserCaption,
)
from stream.runtime.given import CommentaryGiven, InstructionGiven
from stream.session.said import Said
from ui.realtime.dialect import EXPIRED, HUNG_UP, Beginning, Message, MessageEffects
from ui.realtime.live.live_config import (
    ClientDelegation,
    ContextAppend,
    DataChannelPermissions,
    InputAudioAppend,
    InputAudioSwitch,
    LiveConfig,
    LiveDelegation,
    LiveFault,
    LiveServer,
    LiveSessionStart,
    ResponseCreate,
    ResponseItemCreate,
    ResponsesDelegation,
    SessionClose,
    SessionUpdate,
    read_message,
)
from ui.realtime.live.live_responses import LiveResponses
from ui.realtime.live.live_timeline import LiveTranscripts
from ui.realtime.openai_event import event_of, new_id
from ui.realtime.sound_format import SoundFormat

PERSONA = "You are a friendly voice assistant. Answer in one to three short sentences of plain spoken language."
REASONS = {HUNG_UP: "remote_hangup", EXPIRED: "expired"}
MOST_APPENDED = 8000  # characters of appended context that stay in the instruction, the newest


class LiveSession:
    """One session in this dialect. `clock` gives seconds that never decrease."""

    def __init__(self, server: LiveServer, clock: Callable[[], float], *, over_webrtc: bool = False) -> None:
        self._server, self._clock, self._zero = server, clock, clock()
        self._over_webrtc = over_webrtc
        self._id = new_id("live")
        self._config: LiveConfig | None = None
        self._format = SoundFormat()
        self._appended: list[str] = []
        self._muted = self._closed = False
        self._delegation: str | None = None  # the id of the one under way
        self._delegations: set[str] = set()
        self._responses: LiveResponses | None = None  # of the server's larger model, where it answers
        self._failure = ""  # why it does not answer
        self._context: float | None = None  # the share of the model's context that is in use
        self._transcripts = LiveTranscripts(self._now_ms)

    @property
    def session_id(self) -> str:
        return self._id

    @property
    def aloud(self) -> bool:
        return True

    @property
    def permissions(self) -> DataChannelPermissions | None:
        """What a page may send and see; None where all is allowed."""
        client = self._config.client if self._config is not None else None
        return client.data_channel if client is not None else None

    def opened(self) -> list[Message]:
        return []

    def waiting(self, position: int, wait_s: float | None, length: int) -> list[Message] | None:
        return None

    def attached(self) -> list[Message]:
        return [self._event("session.started", None, session=self._described())] if self._config is not None else []

    def visible(self, messages: list[Message]) -> list[Message]:
        return messages

    def take(self, message: Any, *, trusted: bool = False) -> MessageEffects:
        event_id = message.get("event_id") if isinstance(message, dict) else None
        try:
            return self._take(message)
        except LiveFault as fault:
            return MessageEffects(answers=[self._error(str(fault), fault.code, fault.param, event_id)])
        except BadInput as error:
            return MessageEffects(answers=[self._error(str(error), "invalid_value", None, event_id)])

    def beginning(self) -> Beginning:
        config = self._started()
        items = [(item.role, item.content[0].text) for item in config.input or []]
        said = [Said(role == "user", text) for role, text in items if role != "developer"]
        self._appended += [text for role, text in items if role == "developer"]
        self._zero = self._clock()
        return Beginning(
            self._instruction() if self._appended else config.instructions or "",
            said,
            out_rate=self._format.rate,
            asks_client=self._responses is None,
            larger=config.delegation.asked if isinstance(config.delegation, ResponsesDelegation) else None,
        )

    def express(self, event: Expressed) -> list[Message]:
        transcripts = self._transcripts
        match event:
            case StateChanged(State.HEARING):
                transcripts.user_speaks()
            case UserCaption(_, text, final=True):
                return transcripts.user_said(text)
            case ReplyText(turn, text):
                transcripts.reply_text(turn, text)
            case ReplyHeard(turn, characters):
                return transcripts.reply_heard(turn, characters)
            case ReplyEnded(turn, _, heard):
                return [*transcripts.reply_ended(turn, heard), self._used()]
            case DelegationChanged(pending):
                return self._delegated() if pending else self._delegation_over()
            case ContextShown(use) if use.limit:
                self._context = min(1.0, sum(use.tokens.values()) / use.limit)
            case Notice("warning", "delegate_failed", text):
                self._failure = text
            case Notice("error", code, text):
                return [self.failed(text, code)]
            case SessionEnded(reason) if not self._closed and self._config is not None:
                self._closed = True
                return [self._closing(REASONS.get(reason, "connection_lost"))]
        return []

    def voiced(self, samples: Samples) -> list[Message]:
        return [{"type": "session.output_audio.delta", "delta": self._format.write(samples)}]

    def called(self, call_id: str, name: str, arguments: str) -> list[Message]:
        assert self._responses is not None, "functions belong to the larger model"
        return self._responses.call(call_id, name, arguments)

    def larger_said(self, text: str) -> list[Message]:
        return self._responses.text(text) if self._responses is not None else []

    def failed(self, message: str, code: str | None = None) -> Message:
        return self._error(message, code or "invalid_value", None, None, "server_error" if code else None)

    def _take(self, message: Any) -> MessageEffects:
        read = read_message(message)
        if isinstance(read, LiveSessionStart):
            return self._start(read)
        if self._config is None:
            raise LiveFault("The first message must be session.start.", "session_not_started")
        match read:
            case InputAudioAppend(audio=audio):
                samples = self._format.read(audio)
                heard = len(samples) and not self._muted
                return MessageEffects(sound=Chunk(samples, self._format.rate, 0) if heard else None)
            case InputAudioSwitch(type=kind):
                return self._switch(kind.endswith(".mute"), read.event_id)
            case ContextAppend():
                return self._append(read)
            case SessionUpdate(session=changes):
                if changes.delegation is not None:
                    self._check_same(changes.delegation)
                return MessageEffects(
                    answers=[self._event("session.updated", read.event_id, session=self._described())]
                )
            case ResponseItemCreate(item=item):
                self._larger_model().add_result(item)
                return MessageEffects()
            case ResponseCreate():
                return MessageEffects(results=self._larger_model().take_results())
            case SessionClose():
                self._closed = True
                return MessageEffects(answers=[self._closing("close_requested", read.event_id)], ends=True)

    def _start(self, message: LiveSessionStart) -> MessageEffects:
        if self._config is not None:
            raise LiveFault("The session has been started already.", "session_already_started")
        config = message.session
        if config.client is not None and not self._over_webrtc:
            raise LiveFault("A data channel exists over WebRTC alone.", "invalid_value", "session.client")
        if self._over_webrtc and config.audio is not None and config.audio.format is not None:
            raise LiveFault("WebRTC negotiates the format of sound.", "invalid_value", "session.audio.format")
        if isinstance(config.delegation, ResponsesDelegation) and not self._server.has_larger_model:
            advice = "This server has no larger model: start it with --delegate, or delegate to the client."
            raise LiveFault(advice, "invalid_value", "session.delegation")
        self._config = config
        if isinstance(config.delegation, ResponsesDelegation):
            self._responses = LiveResponses(config.delegation.responses.model)
        if config.audio is not None and config.audio.format is not None:
            self._format = SoundFormat(config.audio.format.type, config.audio.format.rate)
        return MessageEffects(
            begins=True, answers=[self._event("session.started", message.event_id, session=self._described())]
        )

    def _switch(self, mute: bool, event_id: str | None) -> MessageEffects:
        self._muted = mute
        done = self._event(f"session.input_audio.{'muted' if mute else 'unmuted'}", event_id)
        return MessageEffects(perceived=[DeviceSwitched(microphone=not mute)], cleared=mute, answers=[done])

    def _append(self, message: ContextAppend) -> MessageEffects:
        about, can = message.delegation_id, self._server.can
        kind = message.type.split(".")[1]
        if about is not None and about not in self._delegations:
            raise LiveFault("There is no delegation of this id.", "invalid_value", "delegation_id")
        if can.speaks and kind == "commentary":
            raise LiveFault("This model has a voice of its own, which says nothing that is given to it.", "unsupported")
        if can.hears and kind != "commentary":
            raise LiveFault("This model takes instructions at the beginning only.", "unsupported")
        done = [self._span(f"session.{kind}.appended", message.event_id)]
        if kind != "commentary":
            self._appended.append(message.content)
            return MessageEffects(perceived=[InstructionGiven(self._instruction())], answers=done)
        if about is not None and about == self._delegation:
            return MessageEffects(answer=message.content, answers=done)
        return MessageEffects(perceived=[CommentaryGiven(message.content)], answers=done)

    def _larger_model(self) -> LiveResponses:
        if self._responses is None:
            raise LiveFault("Delegations of this session go to the client.", "invalid_value", "type")
        return self._responses

    def _check_same(self, wanted: LiveDelegation) -> None:
        now = self._started().delegation or ClientDelegation(type="client")
        if wanted.type != now.type:
            raise LiveFault("Who handles delegations cannot change.", "invalid_value", "session.delegation.type")
        if wanted != now:
            raise LiveFault("How delegations are handled holds for the session.", "unsupported", "session.delegation")

    def _instruction(self) -> str:
        """The standing instruction with what was appended to it."""
        added = "\n".join(self._appended)[-MOST_APPENDED:]
        return f"{self._started().instructions or PERSONA}\n{added}"

    def _delegated(self) -> list[Message]:
        self._delegation = new_id("deleg")
        self._delegations.add(self._delegation)
        backend = self._started().delegation or ClientDelegation(type="client")
        about = {"id": self._delegation, "target": backend.type, "type": "delegation"}
        created = event_of("session.delegation.created", delegation=about, offset_ms=self._now_ms())
        return [created, *(self._responses.begin(self._delegation) if self._responses is not None else [])]

    def _delegation_over(self) -> list[Message]:
        failure, self._failure, self._delegation = self._failure, "", None
        return self._responses.end(failure) if self._responses is not None else []

    def _closing(self, reason: str, event_id: str | None = None) -> Message:
        usage = {"seconds": self._now_ms() // 1000}
        return self._event("session.closed", event_id, reason=reason, session=self._described(), usage=usage)

    def _used(self) -> Message:
        context = {"context_window": {"usage_ratio": round(self._context, 4)}} if self._context is not None else {}
        return event_of("session.usage.updated", usage={"seconds": self._now_ms() // 1000}, **context)

    def _span(self, kind: str, event_id: str | None) -> Message:
        return self._event(kind, event_id, start_ms=self._now_ms(), end_ms=self._now_ms())

    @staticmethod
    def _event(kind: str, event_id: str | None, **data: Any) -> Message:
        return event_of(kind, **data, **({"client_event_id": event_id} if event_id is not None else {}))

    @staticmethod
    def _error(message: str, code: str, param: str | None, event_id: Any, kind: str | None = None) -> Message:
        error = {"type": kind or "invalid_request_error", "code": code, "message": message, "param": param}
        if isinstance(event_id, str):
            error["client_event_id"] = event_id
        return event_of("error", error=error)

    def _described(self) -> Message:
        config = self._started()
        audio = {"format": {"type": self._format.kind, "rate": self._format.rate}, "output": {"voice": "default"}}
        given = config.model_dump(exclude_none=True, exclude={"audio"})
        about = {"id": self._id, "status": "active", "expires_at": self._server.expires_at, "audio": audio}
        return {**given, "delegation": given.get("delegation", {"type": "client"}), **about}

    def _now_ms(self) -> int:
        return round(1000 * (self._clock() - self._zero))

    def _started(self) -> LiveConfig:
        assert self._config is not None, "the session was started"
        return self._config
