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
from stream.runtime.given import AnswerAsked, InstructionGiven, ReplyTruncated
from stream.session.said import Said
from ui.realtime.dialect import Beginning, Message, MessageEffects
from ui.realtime.openai_event import error_event, event_of, new_id
from ui.realtime.openai_output import OpenAiOutput
from ui.realtime.openai_session import OpenAiSession
from ui.realtime.sound import picture_from_url

OF_SESSION = ("instructions", "tools", "input", "prompt")  # which hold for the session
MOST_RESULT = 20_000  # characters of the result of a function


class OpenAiRealtime:
    """One session in this dialect. `take` and `express` are called in order of time."""

    def __init__(self, model: str, can: Capabilities, *, over_webrtc: bool = False) -> None:
        self.session = OpenAiSession(model, can)
        self._out = OpenAiOutput(self.session, over_webrtc=over_webrtc)
        self._pending: dict[str, str] = {}  # typed items that await response.create, by id
        self._said: list[Said] = []  # before the conversation begins
        self._results: dict[str, str] = {}  # of functions, the same
        self._key_down = False  # manual turns: sound of an open turn has been appended
        self._take: dict[str, Callable[[Mapping[str, Any]], MessageEffects]] = {
            "session.update": self._update,
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": self._clear,
            "output_audio_buffer.clear": self._cancel,
            "conversation.item.create": self._create_item,
            "conversation.item.retrieve": self._retrieve_item,
            "conversation.item.truncate": self._truncate,
            "conversation.item.delete": self._delete_item,
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
            said=tuple(self._said),
            turns=session.turns,
        )

    def failed(self, message: str, code: str | None = None) -> Message:
        return error_event(message, None, code=code, kind="invalid_request_error" if code is None else "server_error")

    def attached(self) -> list[Message]:
        return self.opened()

    def visible(self, messages: list[Message]) -> list[Message]:
        return messages

    def take(self, message: Any, *, trusted: bool = False) -> MessageEffects:
        try:
            if not _is_map(message) or not isinstance(message.get("type"), str):
                raise BadInput("An event must be a JSON object with a type.")
            handler = self._take.get(message["type"])
            if handler is None:
                raise BadInput(f"There is no event of the type {message['type'][:80]!r} here.")
            return handler(message)
        except BadInput as error:
            return MessageEffects(
                answers=[error_event(str(error), message.get("event_id") if _is_map(message) else None)]
            )

    def express(self, event: Expressed) -> list[Message]:
        return self._out.express(event)

    def voiced(self, samples: Samples) -> list[Message]:
        return self._out.voiced(samples)

    def called(self, call_id: str, name: str, arguments: str) -> list[Message]:
        return self._out.called(call_id, name, arguments)

    def larger_said(self, text: str) -> list[Message]:
        return []

    @property
    def aloud(self) -> bool:
        return self.session.aloud

    def _update(self, message: Mapping[str, Any]) -> MessageEffects:
        by_itself, instructions, turns = self.session.detects_turns, self.session.instructions, self.session.turns
        self.session.update(message.get("session"))
        perceived: list[Perceived] = []
        if self.session.detects_turns is not by_itself:
            perceived.append(DeviceSwitched(hands_free=self.session.detects_turns))
            self._key_down = False
        if self.session.turns != turns:
            perceived.append(self.session.turns)
        if self.session.begun and self.session.instructions != instructions:
            perceived.append(InstructionGiven(self.session.instructions))
        return MessageEffects(
            perceived=perceived, answers=[event_of("session.updated", session=self.session.described())]
        )

    def _append(self, message: Mapping[str, Any]) -> MessageEffects:
        form = self.session.input_format
        samples = form.read(message.get("audio"))
        pressed: list[Perceived] = []
        if not self.session.detects_turns and not self._key_down:
            pressed, self._key_down = [TalkKeyPressed(down=True)], True
        self._out.heard_ms += 1000 * len(samples) / form.rate
        return MessageEffects(begins=True, perceived=pressed, sound=Chunk(samples, form.rate, 0))

    def _commit(self, message: Mapping[str, Any]) -> MessageEffects:
        if self.session.detects_turns:
            raise BadInput("The server detects turns: set turn_detection to null to commit sound yourself.")
        if not self._key_down:
            raise BadInput("The input audio buffer is empty.")
        return MessageEffects(answers=[*self._out.speech_started(announced=False), self._out.committed()])

    def _clear(self, message: Mapping[str, Any]) -> MessageEffects:
        self._key_down = False
        self._out.forget_speech()
        off_and_on: list[Perceived] = [DeviceSwitched(microphone=False), DeviceSwitched(microphone=True)]
        return MessageEffects(perceived=off_and_on, cleared=True, answers=[event_of("input_audio_buffer.cleared")])

    def _create_item(self, message: Mapping[str, Any]) -> MessageEffects:
        item = message.get("item")
        if _is_map(item) and item.get("type") == "function_call_output":
            return self._create_result(item)
        if _is_map(item) and item.get("type") == "message" and item.get("role") == "assistant":
            return self._create_reply(item)
        if _is_map(item) and item.get("type") == "message" and item.get("role") == "system":
            return self._create_instruction(item)
        if not _is_map(item) or item.get("type") != "message" or item.get("role") != "user":
            raise BadInput("Items are messages of the system, the user and the assistant, and results of functions.")
        texts, picture = list[str](), None
        for part in item.get("content") or []:
            match part.get("type") if _is_map(part) else None:
                case "input_text" if isinstance(part.get("text"), str):
                    texts.append(part["text"])
                case "input_image":
                    picture = picture_from_url(part.get("image_url"), "image_url")
                case _:
                    raise BadInput("A part of a message must be input_text or input_image; append sound instead.")
        whole = _completed(item)
        if texts:
            self._pending[whole["id"]] = "\n".join(texts)
        return MessageEffects(begins=picture is not None, picture=picture, answers=self._out.added(whole))

    def _create_reply(self, item: Mapping[str, Any]) -> MessageEffects:
        """A reply from before the conversation, with the messages that it answers."""
        parts = item.get("content") or []
        texts = [part.get("text") for part in parts if _is_map(part) and part.get("type") == "output_text"]
        if (
            self.session.begun
            or not texts
            or len(texts) != len(parts)
            or not all(isinstance(text, str) for text in texts)
        ):
            raise BadInput("Replies are added as output_text, before the conversation begins.")
        self._said += [Said(by_user=True, text=text) for text in self._pending.values()]
        self._said.append(Said(by_user=False, text="\n".join(map(str, texts))))
        self._pending.clear()
        return MessageEffects(answers=self._out.added(_completed(item)))

    def _create_instruction(self, item: Mapping[str, Any]) -> MessageEffects:
        """A message of the system joins the instructions, from now on."""
        parts = item.get("content") or []
        texts = [part.get("text") for part in parts if _is_map(part) and part.get("type") == "input_text"]
        if not texts or len(texts) != len(parts) or not all(isinstance(text, str) for text in texts):
            raise BadInput("A message of the system has parts of the type input_text alone.")
        whole = "\n".join([self.session.instructions, *map(str, texts)]).strip()
        self.session.update({"instructions": whole})
        perceived: list[Perceived] = [InstructionGiven(whole)] if self.session.begun else []
        return MessageEffects(perceived=perceived, answers=self._out.added(_completed(item)))

    def _delete_item(self, message: Mapping[str, Any]) -> MessageEffects:
        """Takes back a message that awaits its answer; what was answered is part of the model's context."""
        item_id = str(message.get("item_id"))
        if self._pending.pop(item_id, None) is None:
            raise BadInput("Only a message of the user that awaits its answer can be deleted.")
        del self._out.items[item_id]
        return MessageEffects(answers=[event_of("conversation.item.deleted", item_id=item_id)])

    def _create_result(self, item: Mapping[str, Any]) -> MessageEffects:
        call_id, output = item.get("call_id"), item.get("output")
        if not isinstance(call_id, str) or not isinstance(output, str):
            raise BadInput("The output of a function needs a call_id and an output, both text.")
        if len(output) > MOST_RESULT:
            raise BadInput(f"The output of a function has at most {MOST_RESULT} characters.")
        self._results[call_id] = output
        return MessageEffects(answers=self._out.added(_completed(item)))

    def _retrieve_item(self, message: Mapping[str, Any]) -> MessageEffects:
        item = self._out.items.get(str(message.get("item_id")))
        if item is None:
            raise BadInput("There is no item of this id.")
        return MessageEffects(answers=[event_of("conversation.item.retrieved", item=item)])

    def _truncate(self, message: Mapping[str, Any]) -> MessageEffects:
        """The reply ends with the words that the client has played. It plays the next ones as late."""
        names = {name: message.get(name) for name in ("item_id", "content_index", "audio_end_ms")}
        unplayed_s = self._out.unplayed_s(names["item_id"], names["audio_end_ms"])
        perceived: list[Perceived] = [PlayoutMeasured(unplayed_s)]
        if self._out.responding:
            perceived.append(Interrupted())
        elif unplayed_s:
            perceived.append(ReplyTruncated(self._out.last_turn, unplayed_s))
        return MessageEffects(perceived=perceived, answers=[event_of("conversation.item.truncated", **names)])

    def _create_response(self, message: Mapping[str, Any]) -> MessageEffects:
        wanted = message.get("response") or {}
        if not _is_map(wanted) or any(wanted.get(name) for name in OF_SESSION):
            raise BadInput(f"A response has no {' or '.join(OF_SESSION)} of its own: use session.update or an item.")
        if self._results:
            results, self._results = self._results, {}
            return MessageEffects(results=results)
        if self._pending:
            text, self._pending = "\n".join(self._pending.values()), {}
            return MessageEffects(begins=True, perceived=[TextTyped(text)])
        if self._key_down:
            self._key_down = False
            return MessageEffects(perceived=[TalkKeyPressed(down=False)])
        if self._out.unanswered and not self._out.responding:
            return MessageEffects(perceived=[AnswerAsked()])
        raise BadInput("There is nothing to answer: add a message of the user or append sound first.")

    def _cancel(self, message: Mapping[str, Any]) -> MessageEffects:
        if not self._out.responding:
            raise BadInput("No response is active.")
        return MessageEffects(perceived=[Interrupted()])


def _completed(item: Mapping[str, Any]) -> Message:
    """The item with an id of its own, unless the client chose one."""
    chosen = item.get("id")
    item_id = chosen if isinstance(chosen, str) and chosen else new_id("item")
    return {**item, "id": item_id, "object": "realtime.item", "status": "completed"}


def _is_map(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)
