"""What a session expresses, as server events of OpenAI's Realtime dialect."""

from __future__ import annotations

from typing import Any

from audio.chunk import Samples
from dialogue.errors import BadInput
from stream.runtime.events import (
    ContextShown,
    Expressed,
    Notice,
    ReplyEnded,
    ReplyText,
    SessionEnded,
    State,
    StateChanged,
    UserCaption,
)
from ui.realtime.dialect import Message
from ui.realtime.openai_event import ItemOrder, error_event, event_of, new_id
from ui.realtime.openai_response import OpenAiResponse
from ui.realtime.openai_session import OpenAiSession
from ui.realtime.usage import UsageCount

BEYOND_MS = 100  # by which clients round up
MOST_ITEMS = 500  # that can be retrieved


class OpenAiOutput:
    """The conversation as the client sees it. `heard_ms` is the sound that it has sent so far.

    `over_webrtc`: sound has tracks of its own, so events report when the client's buffer plays.
    """

    def __init__(self, session: OpenAiSession, *, over_webrtc: bool = False) -> None:
        self._session, self._over_webrtc = session, over_webrtc
        self._playing: str | None = None  # the response whose sound is being played, over WebRTC
        self._usage, self._order = UsageCount(), ItemOrder()
        self._user_item: str | None = None
        self._response: OpenAiResponse | None = None
        self._spoken: OpenAiResponse | None = None  # whose sound may still come, after a call of a function ended it
        self._last: OpenAiResponse | None = None  # the one that ended last
        self.last_turn = 0  # of the session, the one whose reply that is
        self._said_before = 0  # characters of the turn's reply in earlier responses
        self.unanswered = False  # the user's words, for which no response has begun
        self.heard_ms = 0.0
        self.items: dict[str, Message] = {}

    @property
    def responding(self) -> bool:
        return self._response is not None

    def express(self, event: Expressed) -> list[Message]:
        match event:
            case StateChanged(State.HEARING, at):
                self.heard_ms = 1000 * at if self._over_webrtc else self.heard_ms
                return self.speech_started()
            case StateChanged(State.SPEAKING) if self._over_webrtc and self._response is not None:
                return self._plays(self._response.id)
            case UserCaption(_, text, final=True, typed=False):
                return self._user_said(text)
            case ReplyText(_, text):
                return [*self._begin(), *self._responding().text(text)]
            case ReplyEnded(turn, said, heard, cut):
                self.last_turn = turn
                return self._reply_ended(heard if cut else said, cut=cut)
            case ContextShown(use):
                self._usage.see(use)
            case Notice("error", code, text):
                return [error_event(text, None, code=code, kind="server_error")]
            case SessionEnded():
                return self._end("", cut=True) if self._response is not None else []
        return []

    def voiced(self, samples: Samples) -> list[Message]:
        speaking = self._response or self._spoken
        return speaking.sound(samples) if speaking is not None else []

    def called(self, call_id: str, name: str, arguments: str) -> list[Message]:
        """The model calls a function of the client: that ends the response, and another one follows its result."""
        beginning, response = self._begin(), self._responding()
        closing = response.close_message(response.said)
        call = response.call(call_id, name, arguments)
        self._said_before += len(response.said)
        self._response, self._spoken = None, response
        return [*beginning, *closing, *call, *response.end(response.said, self._usage.since_last(), cut=False)]

    def added(self, item: Message) -> list[Message]:
        """The events of an item that is whole."""
        before = self._order.add(item)
        self.items[item["id"]] = item
        if len(self.items) > MOST_ITEMS:
            del self.items[next(iter(self.items))]
        return [event_of(f"conversation.item.{what}", previous_item_id=before, item=item) for what in ("added", "done")]

    def speech_started(self, *, announced: bool = True) -> list[Message]:
        if self._user_item is not None:
            return []
        self._user_item = new_id("item")
        at = {"audio_start_ms": round(self.heard_ms), "item_id": self._user_item}
        return [event_of("input_audio_buffer.speech_started", **at)] if announced else []

    def committed(self) -> Message:
        return event_of("input_audio_buffer.committed", item_id=self._user_item, previous_item_id=self._order.last)

    def unplayed_s(self, item_id: Any, audio_end_ms: Any) -> float:
        """Seconds of sound of an item that the client has got and not played. Raises BadInput for another item than the
        newest reply, and for a time that it does not have."""
        found = next((each for each in (self._response, self._last) if each and each.message_id == item_id), None)
        if found is None:
            raise BadInput("Only the newest reply can be truncated.")
        if isinstance(audio_end_ms, bool) or not isinstance(audio_end_ms, int | float) or not audio_end_ms >= 0:
            raise BadInput("audio_end_ms must be a number that is not negative.")
        if self._over_webrtc:
            return 0.0
        if audio_end_ms > found.sent_ms + BEYOND_MS:
            raise BadInput(f"audio_end_ms is beyond the {found.sent_ms:.0f} ms of sound in this item.")
        return max(0.0, found.sent_ms - audio_end_ms) / 1000

    def forget_speech(self) -> None:
        """The sound so far was dropped."""
        self._user_item = None

    def _user_said(self, text: str) -> list[Message]:
        """The user's turn is decided; an empty one was no speech."""
        item_id, end_ms = self._user_item or new_id("item"), round(self.heard_ms)
        self._user_item, by_itself = item_id, self._session.detects_turns
        stopped = [event_of("input_audio_buffer.speech_stopped", audio_end_ms=end_ms, item_id=item_id)]
        if not text.strip():
            self._user_item = None
            return stopped if by_itself else []
        events = [*stopped, self.committed()] if by_itself else []
        self.unanswered = True
        part = {"type": "input_audio", "transcript": text}
        item = {"id": item_id, "object": "realtime.item", "type": "message", "role": "user", "content": [part]}
        events += self.added({**item, "status": "completed"})
        kind, place = "conversation.item.input_audio_transcription", {"item_id": item_id, "content_index": 0}
        usage = {"type": "duration", "seconds": 0}
        events.append(event_of(f"{kind}.delta", **place, delta=text))
        events.append(event_of(f"{kind}.completed", **place, transcript=text, usage=usage))
        self._user_item = None
        return events

    def _begin(self) -> list[Message]:
        """Opens a response where none is open."""
        if self._response is not None:
            return []
        form, self.unanswered = self._session.output_format, False
        self._response = OpenAiResponse(self._order, aloud=self._session.aloud, sound_format=form)
        return [*self._response.begin(), event_of("rate_limits.updated", rate_limits=[])]  # there are none

    def _reply_ended(self, text: str, *, cut: bool) -> list[Message]:
        rest, after_call = text[self._said_before :], self._said_before or self._spoken is not None
        self._said_before, self._spoken = 0, None
        stopped = self._stops(cut=cut)
        if self._response is None and after_call and not rest:
            return stopped
        return [*self._begin(), *self._end(rest, cut=cut), *stopped]

    def _plays(self, response_id: str) -> list[Message]:
        if self._playing is not None:
            return []
        self._playing = response_id
        return [event_of("output_audio_buffer.started", response_id=response_id)]

    def _stops(self, *, cut: bool) -> list[Message]:
        playing, self._playing = self._playing, None
        how = "cleared" if cut else "stopped"
        return [event_of(f"output_audio_buffer.{how}", response_id=playing)] if playing is not None else []

    def _end(self, text: str, *, cut: bool) -> list[Message]:
        response, self._response = self._responding(), None
        self._last = response
        return response.end(text, self._usage.since_last(), cut=cut)

    def _responding(self) -> OpenAiResponse:
        assert self._response is not None, "a response was begun"
        return self._response
