"""OpenAI's Realtime dialect (GA): client events become the session's input, the session's events become server events.

Pure: no socket and no clock of its own. The session decides about turns (`server_vad`, `semantic_vad`), or the client
does (`turn_detection` null: commit, then `response.create`). Functions of the client are called as its own events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

from audio.chunk import Chunk, Samples
from dialogue.engine import Capabilities
from dialogue.errors import BadInput
from stream.runtime.events import (
    DeviceSwitched,
    Expressed,
    Interrupted,
    Perceived,
    PlayoutMeasured,
    TalkKeyPressed,
    TextTyped,
)
from stream.runtime.given import InstructionGiven
from ui.realtime.dialect import Beginning, Message, Taken
from ui.realtime.openai_event import error_event, event_of, new_id
from ui.realtime.openai_output import OpenAiOutput
from ui.realtime.openai_session import OpenAiSession
from ui.realtime.sound import picture_from_url

MOST_RESULT = 20_000  # characters of the result of a function


class OpenAiRealtime:
    """One session in this dialect. `take` and `express` are called in order of time."""

    def __init__(self, model: str, can: Capabilities, *, over_webrtc: bool = False) -> None:
        self.session = OpenAiSession(model, can)
        self._out = OpenAiOutput(self.session, over_webrtc=over_webrtc)
        self._pending: list[str] = []  # typed items that await response.create
        self._results: dict[str, str] = {}  # of functions, the same
        self._key_down = False  # manual turns: sound of an open turn has been appended
        self._take: dict[str, Callable[[Mapping[str, Any]], Taken]] = {
            "session.update": self._update,
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": self._clear,
            "output_audio_buffer.clear": self._cancel,
            "conversation.item.create": self._create_item,
            "conversation.item.retrieve": self._retrieve_item,
            "conversation.item.truncate": self._truncate,
            "response.create": self._create_response,
            "response.cancel": self._cancel,
        }

    def opened(self) -> list[Message]:
        return [event_of("session.created", session=self.session.described())]

    def waiting(self, position: int, wait_s: float | None, length: int) -> list[Message] | None:
        return None

    def beginning(self) -> Beginning:
        session = self.session
        session.begun = True
        return Beginning(
            session.instructions,
            hands_free=session.detects_turns,
            out_rate=session.output_format.rate,
            functions=session.functions,
        )

    def failed(self, message: str, code: str | None = None) -> Message:
        return error_event(message, None, code=code, kind="invalid_request_error" if code is None else "server_error")

    def take(self, message: Any) -> Taken:
        try:
            if not _is_map(message) or not isinstance(message.get("type"), str):
                raise BadInput("An event must be a JSON object with a type.")
            handler = self._take.get(message["type"])
            if handler is None:
                raise BadInput(f"There is no event of the type {message['type'][:80]!r} here.")
            return handler(message)
        except BadInput as error:
            return Taken(answers=[error_event(str(error), message.get("event_id") if _is_map(message) else None)])

    def express(self, event: Expressed) -> list[Message]:
        return self._out.express(event)

    def voiced(self, samples: Samples) -> list[Message]:
        return self._out.voiced(samples)

    def called(self, call_id: str, name: str, arguments: str) -> list[Message]:
        return self._out.called(call_id, name, arguments)

    @property
    def aloud(self) -> bool:
        return self.session.aloud

    def _update(self, message: Mapping[str, Any]) -> Taken:
        by_itself, instructions = self.session.detects_turns, self.session.instructions
        self.session.update(message.get("session"))
        perceived: list[Perceived] = []
        if self.session.detects_turns is not by_itself:
            perceived.append(DeviceSwitched(hands_free=self.session.detects_turns))
            self._key_down = False
        if self.session.begun and self.session.instructions != instructions:
            perceived.append(InstructionGiven(self.session.instructions))
        return Taken(perceived=perceived, answers=[event_of("session.updated", session=self.session.described())])

    def _append(self, message: Mapping[str, Any]) -> Taken:
        form = self.session.input_format
        samples = form.read(message.get("audio"))
        pressed: list[Perceived] = []
        if not self.session.detects_turns and not self._key_down:
            pressed, self._key_down = [TalkKeyPressed(down=True)], True
        self._out.heard_ms += 1000 * len(samples) / form.rate
        return Taken(begins=True, perceived=pressed, sound=Chunk(samples, form.rate, 0))

    def _commit(self, message: Mapping[str, Any]) -> Taken:
        if self.session.detects_turns:
            raise BadInput("The server detects turns: set turn_detection to null to commit sound yourself.")
        if not self._key_down:
            raise BadInput("The input audio buffer is empty.")
        return Taken(answers=[*self._out.speech_started(announced=False), self._out.committed()])

    def _clear(self, message: Mapping[str, Any]) -> Taken:
        self._key_down = False
        self._out.forget_speech()
        off_and_on: list[Perceived] = [DeviceSwitched(microphone=False), DeviceSwitched(microphone=True)]
        return Taken(perceived=off_and_on, cleared=True, answers=[event_of("input_audio_buffer.cleared")])

    def _create_item(self, message: Mapping[str, Any]) -> Taken:
        item = message.get("item")
        if _is_map(item) and item.get("type") == "function_call_output":
            return self._create_result(item)
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
        return Taken(begins=picture is not None, picture=picture, answers=self._out.added(_completed(item)))

    def _create_result(self, item: Mapping[str, Any]) -> Taken:
        call_id, output = item.get("call_id"), item.get("output")
        if not isinstance(call_id, str) or not isinstance(output, str):
            raise BadInput("The output of a function needs a call_id and an output, both text.")
        if len(output) > MOST_RESULT:
            raise BadInput(f"The output of a function has at most {MOST_RESULT} characters.")
        self._results[call_id] = output
        return Taken(answers=self._out.added(_completed(item)))

    def _retrieve_item(self, message: Mapping[str, Any]) -> Taken:
        item = self._out.items.get(str(message.get("item_id")))
        if item is None:
            raise BadInput("There is no item of this id.")
        return Taken(answers=[event_of("conversation.item.retrieved", item=item)])

    def _truncate(self, message: Mapping[str, Any]) -> Taken:
        """The reply ends with the words that the client has played. It plays the next ones as late."""
        names = {name: message.get(name) for name in ("item_id", "content_index", "audio_end_ms")}
        unplayed_s = self._out.unplayed_s(names["item_id"], names["audio_end_ms"])
        perceived: list[Perceived] = [PlayoutMeasured(unplayed_s)]
        if self._out.responding:
            perceived.append(Interrupted())
        return Taken(perceived=perceived, answers=[event_of("conversation.item.truncated", **names)])

    def _create_response(self, message: Mapping[str, Any]) -> Taken:
        if self._results:
            results, self._results = self._results, {}
            return Taken(results=results)
        if self._pending:
            text, self._pending = "\n".join(self._pending), []
            return Taken(begins=True, perceived=[TextTyped(text)])
        if self._key_down:
            self._key_down = False
            return Taken(perceived=[TalkKeyPressed(down=False)])
        raise BadInput("There is nothing to answer: add a message of the user or append sound first.")

    def _cancel(self, message: Mapping[str, Any]) -> Taken:
        if not self._out.responding:
            raise BadInput("No response is active.")
        return Taken(perceived=[Interrupted()])


def _completed(item: Mapping[str, Any]) -> Message:
    """The item with an id of its own, unless the client chose one."""
    chosen = item.get("id")
    item_id = chosen if isinstance(chosen, str) and chosen else new_id("item")
    return {**item, "id": item_id, "object": "realtime.item", "status": "completed"}


def _is_map(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)
