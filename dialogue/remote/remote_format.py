"""Converts a timeline to messages of OpenAI-compatible chat servers, and streamed lines back to text. Pure.

Text read by the camera is quoted as data. Users' text cannot open a turn, because the server's template quotes roles.
"""

from __future__ import annotations

import base64
import io
import json
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dialogue.blocks import PictureBlock, ReplyBlock, SoundBlock, TextBlock, ToolBlock
from dialogue.errors import BadInput, EngineLost
from dialogue.memory.keyframes import Keyframe
from dialogue.memory.timeline import Entry
from dialogue.prompts.prompt import CHAT_PERSONA, clean, explained
from dialogue.prompts.scene_text import scene_entry
from dialogue.remote.remote_calls import round_messages

Message = dict[str, Any]

JPEG_QUALITY = 85
LONGEST_SIDE = 1024  # pixels; larger pictures cost more tokens and show little more
# Pictures cost the most tokens. At most MOST_PICTURES of a conversation are sent; when there are more, all but the
# newest KEPT_PICTURES become words at once, so that the requests between share their beginning, which servers cache.
MOST_PICTURES, KEPT_PICTURES = 4, 2
SOUND_HZ = 16_000
LONGEST_ERROR = 300  # characters shown of an error that the server reports


def messages(entries: Sequence[Entry], *, sees: bool, hears: bool = False, system: str = CHAT_PERSONA) -> list[Message]:
    """A timeline as chat messages. What was seen joins the user's turn in order of time: pictures, or in words. An old
    picture is a few words in its place. Sounds stand beside their words, the last MOST_PICTURES at most."""
    seen_in_words = not sees and any(isinstance(entry.content, Keyframe) for entry in entries)
    out: list[Message] = [{"role": "system", "content": explained(system) if seen_in_words else system}]
    shown = _newest(entries, PictureBlock) | (_newest(entries, SoundBlock) if hears else frozenset())
    turn = _UserTurn()
    for entry in entries:
        match entry.content:
            case PictureBlock(rgb) if sees and entry.number in shown:
                turn.pictures.append({"type": "image_url", "image_url": {"url": data_url(rgb)}})
            case SoundBlock(samples) if entry.number in shown:
                turn.pictures.append({"type": "input_audio", "input_audio": {"data": wav(samples), "format": "wav"}})
            case PictureBlock(at=at) if sees:
                turn.lines.append(f"[{at:.1f} s: a picture of the camera, which is no longer sent]")
            case Keyframe() if not sees:
                turn.lines.append(scene_entry(entry.content))
            case TextBlock(text):
                turn.lines.append(clean(text))
                out += turn.close()
            case ToolBlock():
                out += round_messages(entry.content)
            case ReplyBlock(text, cut=cut):
                out.append({"role": "assistant", "content": f"{text} [interrupted]" if cut else text})
    return out


@dataclass
class _UserTurn:
    """What the user's next message holds so far."""

    pictures: list[Message] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def close(self) -> Iterator[Message]:
        words = "\n".join(self.lines)
        content = [*self.pictures, {"type": "text", "text": words}] if self.pictures else words
        self.pictures, self.lines = [], []
        yield {"role": "user", "content": content}


def _newest(entries: Sequence[Entry], kind: type[PictureBlock | SoundBlock]) -> frozenset[int]:
    """The numbers of the entries of this kind that are sent."""
    all_of_them = [entry.number for entry in entries if isinstance(entry.content, kind)]
    return frozenset(all_of_them[_older(len(all_of_them)) :])


def wav(samples: NDArray[np.float32]) -> str:
    """Sound, float32 (n,) at SOUND_HZ, as base64 of a WAV file of 16 bits."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(SOUND_HZ)
        written.writeframes((np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    return base64.b64encode(file.getvalue()).decode("ascii")


def without_sound(body: Message) -> Message | None:
    """The body of a request without its sounds; None where it has none."""
    changed, found = list[Message](), False
    for message in body.get("messages", ()):
        content = message.get("content")
        if not isinstance(content, list):
            changed.append(message)
            continue
        parts = [part for part in content if part["type"] != "input_audio"]
        found = found or len(parts) < len(content)
        words = parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else parts
        changed.append({**message, "content": words})
    return {**body, "messages": changed} if found else None


def _older(pictures: int) -> int:
    """How many of `pictures` have become words."""
    batch = MOST_PICTURES - KEPT_PICTURES + 1
    return max(0, (pictures - KEPT_PICTURES) // batch * batch)


def data_url(rgb: Any) -> str:
    """A picture, uint8 RGB (H, W, 3), as a JPEG in a data URL, at most LONGEST_SIDE pixels wide and high."""
    scale = LONGEST_SIDE / max(rgb.shape[:2])
    if scale < 1:
        size = [max(1, round(side * scale)) for side in rgb.shape[1::-1]]
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    done, jpeg = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert done, "uint8 RGB pictures can always be encoded as JPEG"
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")


def request_body(
    entries: Sequence[Entry],
    *,
    model: str,
    system: str,
    sees: bool,
    hears: bool = False,
    most_tokens: int,
    temperature: float,
    tools: Sequence[Message] = (),
) -> dict[str, Any]:
    """The body of POST /chat/completions. `tools` are the functions that may be called."""
    offered = {"tools": list(tools)} if tools else {}
    return {
        **offered,
        "model": model,
        "messages": messages(entries, sees=sees, hears=hears, system=system),
        "stream": True,
        "max_tokens": most_tokens,
        "temperature": temperature,
    }


def delta_text(line: str) -> str | None:
    """The text in one line of the event stream: "" for a line without text, None at the end of the stream.

    Raises BadInput where the server sends something other than events with text, and EngineLost where it reports an
    error.
    """
    line = line.strip()
    if not line or line.startswith((":", "event:", "id:", "retry:")):
        return ""
    if not line.startswith("data:"):
        raise BadInput(f"The chat server sent something other than an event stream: {line[:80]!r}.")
    data = line.removeprefix("data:").strip()
    if data == "[DONE]":
        return None
    try:
        event = json.loads(data)
    except (ValueError, RecursionError) as error:  # also of numbers with thousands of digits, and of deep nesting
        raise BadInput(f"The chat server sent broken JSON: {data[:80]!r}.") from error
    try:
        if problem := event.get("error"):
            words = problem.get("message") if isinstance(problem, dict) else problem
            raise EngineLost(f"The chat server reports: {_shown(words)}")
        choices = event.get("choices") or [{}]
        text = (choices[0].get("delta") or {}).get("content") or ""
    except (AttributeError, TypeError, KeyError, IndexError) as error:
        raise BadInput(f"The chat server sent something other than an event: {data[:80]!r}.") from error
    if not isinstance(text, str) or printable(text) != text:
        raise BadInput(f"The chat server sent something other than text: {data[:80]!r}.")
    return text


def printable(text: str) -> str:
    """The text with "?" for surrogate code points, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _shown(words: object) -> str:
    return printable(words[:LONGEST_ERROR]) if isinstance(words, str) else "an error without words"
