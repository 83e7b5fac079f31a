"""Converts blocks to messages of OpenAI-compatible chat servers, and streamed lines back to text. Pure.

Text read by the camera is quoted as data. Users' text cannot open a turn, because the server's template quotes roles.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import cv2

from dialogue.blocks import Block, PictureBlock, ReplyBlock, SceneBlock, SystemBlock, TextBlock
from dialogue.errors import BadInput, EngineLost
from dialogue.prompts.prompt import PERSONA, clean, quoted_scene

Message = dict[str, Any]

JPEG_QUALITY = 85
# Pictures cost the most tokens: only the newest of a conversation are sent.
NEWEST_PICTURES = 2
LONGEST_ERROR = 300  # characters shown of an error that the server reports


def messages(blocks: Sequence[Block], *, sees: bool) -> list[Message]:
    """The conversation as chat messages. Pictures, and the newest scene, join the user's words that follow them."""
    system = next((block.text for block in reversed(blocks) if isinstance(block, SystemBlock)), PERSONA)
    out: list[Message] = [{"role": "system", "content": system}]
    shown = [id(block) for block in blocks if isinstance(block, PictureBlock)][-NEWEST_PICTURES:] if sees else []
    last = next((id(block) for block in reversed(blocks) if isinstance(block, TextBlock)), None)
    pictures: list[Message] = []
    scene: SceneBlock | None = None
    for block in blocks:
        match block:
            case PictureBlock(rgb) if id(block) in shown:
                pictures.append({"type": "image_url", "image_url": {"url": data_url(rgb)}})
            case SceneBlock() if not sees:
                scene = block
            case TextBlock(text):
                # Only the current question gets the scene: an old scene is no longer true.
                shown_scene = scene if id(block) == last else None
                words = clean(text) if shown_scene is None else f"{clean(text)}\n\n[{quoted_scene(shown_scene)}]"
                out.append(
                    {"role": "user", "content": [*pictures, {"type": "text", "text": words}] if pictures else words}
                )
                pictures = []
            case ReplyBlock(text, cut=cut):
                out.append({"role": "assistant", "content": f"{text} [interrupted]" if cut else text})
    return out


def data_url(rgb: Any) -> str:
    """A picture, uint8 RGB (H, W, 3), as a JPEG in a data URL."""
    done, jpeg = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert done, "uint8 RGB pictures can always be encoded as JPEG"
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")


def request_body(
    blocks: Sequence[Block], *, model: str, sees: bool, most_tokens: int, temperature: float
) -> dict[str, Any]:
    """The body of POST /chat/completions."""
    return {
        "model": model,
        "messages": messages(blocks, sees=sees),
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
