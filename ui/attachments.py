"""What people hand to `Assistant.chat` -> messages: paths, arrays, dictionaries in the usual shapes.

An item of a message's content is
  text         "words" or {"type": "text", "text": "words"}
  a file       a Path, or {"type": "image" | "audio" | "video", "image" | "audio" | "video" | "path": path}
  a picture    a PIL image or an array (H, W, 3) of uint8 in RGB, alone or in such a dictionary
  a recording  an array (n,) of floats or integers at 16 kHz; at another rate
               {"type": "audio", "audio": array, "rate": 48000}
A plain string is always text: a file's name as a string goes into a dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from audio.chunk import HEARING_RATE_HZ
from audio.clean import sound_from
from audio.resample import resample_whole
from dialogue.errors import BadInput
from stream.message import Film, Item, Message, Recording
from ui.media_file import contents, perceive, read_picture, read_sound
from vision.picture import Picture

FILM_PICTURES_PER_S = 2.0
FILES = ("image", "audio", "video")


def read_history(history: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Raises BadInput naming the message that cannot be understood."""
    if isinstance(history, str | Mapping):
        raise BadInput('a history is a list of messages: [{"role": "user", "content": "..."}]')
    return [_message(number, each) for number, each in enumerate(history, 1)]


def read_item(item: Any) -> Item:
    """One item as it is listed above. Raises BadInput."""
    match item:
        case str():
            return item
        case Path():
            return read_file(item)
        case Image.Image():
            return Picture(np.asarray(item.convert("RGB")), 0.0, source="file")
        case np.ndarray():
            return _array(item, HEARING_RATE_HZ)
        case Picture() | Recording() | Film():
            return item
        case Mapping():
            return _dictionary(item)
    raise BadInput(f"an item is text, a path, an array or a dictionary with a type, not {type(item).__name__}")


def read_file(path: Path) -> Picture | Recording | Film:
    """Whatever the file holds."""
    match contents(path).kind:
        case "picture":
            return read_picture(path)
        case "sound":
            return Recording(read_sound(path))
        case _:
            return Film(perceive(path, FILM_PICTURES_PER_S))


def _file_as(kind: str, path: Path) -> Picture | Recording | Film:
    """The file as what the caller says it is: the sound of a film is a recording too."""
    if kind == "image":
        return read_picture(path)
    return Recording(read_sound(path)) if kind == "audio" else Film(perceive(path, FILM_PICTURES_PER_S))


def _message(number: int, message: Mapping[str, Any]) -> Message:
    if not isinstance(message, Mapping) or "role" not in message or "content" not in message:
        raise BadInput(f'message {number} is not {{"role": "user", "content": ...}}')
    content = message["content"]
    items = content if isinstance(content, list | tuple) else [content]
    try:
        return Message(message["role"], [read_item(item) for item in items])
    except BadInput as error:
        raise BadInput(f"message {number}: {error}") from error


def _dictionary(item: Mapping[str, Any]) -> Item:
    kind = item.get("type")
    if kind == "text" and isinstance(item.get("text"), str):
        return str(item["text"])
    held = item.get(kind, item.get("path")) if kind in FILES else None
    if held is None:
        raise BadInput(f'an item is {{"type": "text", "text": ...}} or {{"type": "image", "image": ...}}, not {item}')
    if isinstance(held, str | Path):
        return _file_as(str(kind), Path(held))
    if isinstance(held, np.ndarray):
        return _array(held, int(item.get("rate", HEARING_RATE_HZ)))
    return read_item(held)


def _array(array: np.ndarray, rate: int) -> Picture | Recording:
    if array.dtype == np.uint8 and array.ndim == 3 and array.shape[2] == 3 and array.size:
        return Picture(array, 0.0, source="file")
    if not array.size:
        raise BadInput("an array without anything in it is neither picture nor sound")
    try:
        sound = sound_from(array, rate)
        return Recording(resample_whole(sound.samples, sound.rate, HEARING_RATE_HZ))
    except ValueError as error:
        raise BadInput(f"an array that is no picture (height, width, 3) of uint8 is sound, and {error}") from error
