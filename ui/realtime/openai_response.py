"""The server events of one response in OpenAI's Realtime dialect: a message, calls of functions, or both."""

from __future__ import annotations

from typing import Any

from audio.chunk import Samples
from ui.realtime.dialect import Message
from ui.realtime.openai_event import ItemOrder, event_of, new_id
from ui.realtime.sound_format import SoundFormat
from ui.realtime.usage import Tokens


class OpenAiResponse:
    """One response. Its message has one part: sound with its transcript, or text where it is not `aloud`."""

    def __init__(self, order: ItemOrder, *, aloud: bool, sound_format: SoundFormat) -> None:
        self._order, self._aloud, self._format = order, aloud, sound_format
        self._id, self._message_id = new_id("resp"), new_id("item")
        self._open = False  # the message has begun
        self._output: list[Message] = []
        self._words = "response.output_audio_transcript" if aloud else "response.output_text"
        self.said = ""
        self.sent_ms = 0.0  # of sound

    @property
    def message_id(self) -> str:
        return self._message_id

    @property
    def id(self) -> str:
        return self._id

    def begin(self) -> list[Message]:
        return [event_of("response.created", response=self._described("in_progress"))]

    def text(self, delta: str) -> list[Message]:
        opening = self._open_message()
        self.said += delta
        return [*opening, event_of(f"{self._words}.delta", **self._place, delta=delta)]

    def sound(self, samples: Samples) -> list[Message]:
        """(n,) float32 at the rate of the format; empty where the response is text alone."""
        if not self._aloud:
            return []
        self.sent_ms += 1000 * len(samples) / self._format.rate
        delta = self._format.write(samples)
        return [*self._open_message(), event_of("response.output_audio.delta", **self._place, delta=delta)]

    def call(self, call_id: str, name: str, arguments: str) -> list[Message]:
        """The model calls a function; `arguments` is JSON. Comes after the message, where there is one."""
        item: Message = {"id": new_id("item"), "object": "realtime.item", "type": "function_call"}
        item = {**item, "call_id": call_id, "name": name}
        begun, done = {**item, "status": "in_progress", "arguments": ""}, {**item, "status": "completed"}
        done["arguments"] = arguments
        before, at = self._order.add(item), {"response_id": self._id, "output_index": len(self._output)}
        of_item = {**at, "item_id": item["id"], "call_id": call_id}
        self._output.append(done)
        return [
            event_of("response.output_item.added", **at, item=begun),
            event_of("conversation.item.added", previous_item_id=before, item=begun),
            event_of("response.function_call_arguments.delta", **of_item, delta=arguments),
            event_of("response.function_call_arguments.done", **of_item, name=name, arguments=arguments),
            event_of("response.output_item.done", **at, item=done),
            event_of("conversation.item.done", previous_item_id=before, item=done),
        ]

    def close_message(self, text: str, *, cut: bool = False) -> list[Message]:
        """The end of the message, where there is one. `text` is all of it, or what was heard where it was cut."""
        if not self._open:
            return []
        self._open = False
        item = self._message("incomplete" if cut else "completed", [self._part(text)])
        words, place = {"transcript": text} if self._aloud else {"text": text}, self._place
        self._output.append(item)
        return [
            *([event_of("response.output_audio.done", **place)] if self._aloud else []),
            event_of(f"{self._words}.done", **place, **words),
            event_of("response.content_part.done", **place, part=self._bare_part(text)),
            event_of("response.output_item.done", response_id=self._id, output_index=0, item=item),
            event_of("conversation.item.done", previous_item_id=None, item=item),
        ]

    def end(self, text: str, used: Tokens, *, cut: bool) -> list[Message]:
        """The end of the response; a message belongs to it, unless functions were called."""
        opening = [] if self._output else self._open_message()
        closing = self.close_message(text, cut=cut)
        done = event_of("response.done", response=self._described("cancelled" if cut else "completed", used))
        return [*opening, *closing, done]

    def _open_message(self) -> list[Message]:
        if self._open or self._output:
            return []
        self._open = True
        item = self._message("in_progress", [])
        return [
            event_of("response.output_item.added", response_id=self._id, output_index=0, item=item),
            event_of("conversation.item.added", previous_item_id=self._order.add(item), item=item),
            event_of("response.content_part.added", **self._place, part=self._bare_part("")),
        ]

    @property
    def _place(self) -> dict[str, Any]:
        return {"response_id": self._id, "item_id": self._message_id, "output_index": 0, "content_index": 0}

    def _message(self, status: str, content: list[Message]) -> Message:
        about = {"id": self._message_id, "object": "realtime.item", "type": "message", "role": "assistant"}
        return {**about, "status": status, "content": content}

    def _part(self, text: str) -> Message:
        if self._aloud:
            return {"type": "output_audio", "transcript": text}
        return {"type": "output_text", "text": text}

    def _bare_part(self, text: str) -> Message:
        """The part as the events about parts have it, whose types have other names."""
        return {"type": "audio", "transcript": text} if self._aloud else {"type": "text", "text": text}

    def _described(self, status: str, used: Tokens | None = None) -> Message:
        details = {"type": "cancelled", "reason": "turn_detected"} if status == "cancelled" else None
        return {
            "id": self._id,
            "object": "realtime.response",
            "status": status,
            "status_details": details,
            "output": list(self._output),
            "output_modalities": ["audio" if self._aloud else "text"],
            "usage": _usage(used) if used is not None and used.total else None,
            "metadata": None,
        }


def _usage(used: Tokens) -> Message:
    text = used.input - used.sound - used.picture
    of_input = {"text_tokens": text, "audio_tokens": used.sound, "image_tokens": used.picture, "cached_tokens": 0}
    return {
        "total_tokens": used.total,
        "input_tokens": used.input,
        "output_tokens": used.output,
        "input_token_details": of_input,
        "output_token_details": {"text_tokens": used.output, "audio_tokens": 0},
    }
