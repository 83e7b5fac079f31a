"""The server events of one response in OpenAI's Realtime dialect."""

from __future__ import annotations

from audio.chunk import Samples
from ui.realtime.dialect import Message
from ui.realtime.openai_event import event_of, new_id
from ui.realtime.sound import pcm16
from ui.realtime.usage import Tokens


class OpenAiResponse:
    """A response with one item of one part: sound with its transcript, or text where it is not `aloud`."""

    def __init__(self, turn: int, *, aloud: bool) -> None:
        self.turn, self._aloud = turn, aloud
        self.item_id, self._id = new_id("item"), new_id("resp")
        self._place = {"response_id": self._id, "item_id": self.item_id, "output_index": 0, "content_index": 0}
        self._words = "response.output_audio_transcript" if aloud else "response.output_text"

    def begin(self, previous_item: str | None) -> list[Message]:
        item = self._item("in_progress", [])
        at = {"response_id": self._id, "output_index": 0}
        return [
            event_of("response.created", response=self._described("in_progress", [])),
            event_of("response.output_item.added", **at, item=item),
            event_of("conversation.item.added", previous_item_id=previous_item, item=item),
            event_of("response.content_part.added", **self._place, part=self._part("")),
        ]

    def text(self, delta: str) -> list[Message]:
        return [event_of(f"{self._words}.delta", **self._place, delta=delta)]

    def sound(self, samples: Samples) -> list[Message]:
        """(n,) float32 at 24 kHz; empty where the response is text alone."""
        if not self._aloud:
            return []
        return [event_of("response.output_audio.delta", **self._place, delta=pcm16(samples))]

    def end(self, text: str, used: Tokens, *, cut: bool) -> list[Message]:
        """`text` is the whole reply, or what was heard of it where it was cut."""
        status, part = "incomplete" if cut else "completed", self._part(text)
        item, words = self._item(status, [part]), {"transcript": text} if self._aloud else {"text": text}
        events = [event_of("response.output_audio.done", **self._place)] if self._aloud else []
        return [
            *events,
            event_of(f"{self._words}.done", **self._place, **words),
            event_of("response.content_part.done", **self._place, part=part),
            event_of("response.output_item.done", response_id=self._id, output_index=0, item=item),
            event_of("conversation.item.done", previous_item_id=None, item=item),
            event_of("response.done", response=self._described("cancelled" if cut else "completed", [item], used)),
        ]

    def _item(self, status: str, content: list[Message]) -> Message:
        return {
            "id": self.item_id,
            "object": "realtime.item",
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": content,
        }

    def _part(self, text: str) -> Message:
        if self._aloud:
            return {"type": "output_audio", "transcript": text}
        return {"type": "output_text", "text": text}

    def _described(self, status: str, output: list[Message], used: Tokens | None = None) -> Message:
        details = {"type": "cancelled", "reason": "turn_detected"} if status == "cancelled" else None
        return {
            "id": self._id,
            "object": "realtime.response",
            "status": status,
            "status_details": details,
            "output": output,
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
