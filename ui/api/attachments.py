"""What people hand to `Assistant.chat` -> messages: paths, arrays, dictionaries in the usual shapes.

An item of a message's content is
  text         "words" or {"type": "text", "text": "words"}
  a file       a Path, or {"type": "image" | "audio" | "video", "image" | "audio" | "video" | "path": path}
  a picture    a PIL image or an array (H, W, 3) of uint8 in RGB, alone or in such a dictionary; there also grey
               (H, W) and RGBA (H, W, 4) ones, a file's bytes, an open file, a "data:" address, and
               {"type": "image_url", "image_url": {"url": ...}} with such an address
  a recording  an array (n,) of floats or integers at 16 kHz; at another rate
               {"type": "audio", "audio": array, "rate": 48000}, or "sampling_rate"; there also a file's bytes
  a film       {"type": "video", "video": [picture, picture, ...]}: frames, in order
A plain string is always text: a file's name as a string goes into a dictionary. Nothing is fetched from a network.
"""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from PIL import Image

from audio.chunk import HEARING_RATE_HZ
from audio.clean import sound_from
from audio.resample import resample_whole
from dialogue.errors import BadInput
from stream.requests.message import Film, Item, Recording, RequestMessage, Role
from ui.api.media_file import contents, perceive, read_picture, read_sound
from vision.picture import Picture
from vision.picture_file import open_picture, picture_from

FILM_PICTURES_PER_S = 2.0
FILES = ("image", "audio", "video")
# The names of a recording's rate, here and with the audio libraries of others.
RATES = ("rate", "sampling_rate", "sample_rate")
ITEM = 'an item is {"type": "text", "text": ...} or {"type": "image" | "audio" | "video", "image": ...}'


def read_history(history: Sequence[Mapping[str, Any]]) -> list[RequestMessage]:
    """Raises BadInput naming the message that cannot be understood."""
    if isinstance(history, str | Mapping) or not isinstance(history, Sequence):
        raise BadInput('a history is a list of messages: [{"role": "user", "content": "..."}]')
    return [_message(number, each) for number, each in enumerate(history, 1)]


def read_item(item: Any) -> Item:
    """One item as it is listed above. Raises BadInput."""
    match item:
        case str():
            return _text(item)
        case Path():
            return read_file(item)
        case Image.Image():
            return _picture(item)
        case np.ndarray() if _is_rgb(item) or item.ndim == 1:
            return _picture(item) if item.ndim == 3 else _recording(item, HEARING_RATE_HZ)
        case np.ndarray():
            return _unsure(item)
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


def _message(number: int, message: Mapping[str, Any]) -> RequestMessage:
    if not isinstance(message, Mapping) or "role" not in message or "content" not in message:
        raise BadInput(f'message {number} is not {{"role": "user", "content": ...}}')
    content, role = message["content"], message["role"]
    if role not in get_args(Role):
        raise BadInput(f"message {number} is of {role!r}; a message is of {', '.join(get_args(Role))}")
    items = content if isinstance(content, list | tuple) else [content]
    try:
        return RequestMessage(role, [read_item(item) for item in items])
    except BadInput as error:
        raise BadInput(f"message {number}: {error}") from error


def _dictionary(item: Mapping[str, Any]) -> Item:
    kind = item.get("type")
    if kind == "text" and isinstance(item.get("text"), str):
        return _text(item["text"])
    if kind == "image_url":
        address = item.get("image_url")
        return _picture(address.get("url") if isinstance(address, Mapping) else address)
    held = item.get(kind, item.get("path")) if kind in FILES else None
    if held is None:
        raise BadInput(f"{ITEM}, not {_brief(item)}")
    if isinstance(held, Picture | Recording | Film):
        return held
    if kind == "image":
        return _picture(held)
    if kind == "audio":
        return _recording(held, next((item[name] for name in RATES if name in item), HEARING_RATE_HZ))
    return _film(held)


def _text(words: str) -> str:
    """Halves of letters, which come from bytes that were no UTF-8, are no text."""
    try:
        words.encode()
    except UnicodeEncodeError as error:
        raise BadInput("the text holds bytes that are no text: it has to be UTF-8") from error
    return words


def _picture(held: Any) -> Picture:
    """A picture in any of the shapes above."""
    if isinstance(held, str) and "://" in held:
        raise BadInput("nothing is fetched from a network: save the picture and give its path")
    if isinstance(held, str) and held.startswith("data:"):
        held = _decoded(held)
    if isinstance(held, str | Path):
        return read_picture(Path(held))
    if hasattr(held, "read"):
        held = held.read()
    try:
        if isinstance(held, bytes | bytearray | memoryview):
            return open_picture(bytes(held))
        if isinstance(held, Image.Image):
            return picture_from(held)
        if _is_rgb(held):
            return Picture(np.ascontiguousarray(held), 0.0, source="file")
        if isinstance(held, np.ndarray) and held.dtype == np.uint8 and (held.ndim == 2 or held.shape[2:] == (4,)):
            return picture_from(Image.fromarray(np.ascontiguousarray(held)))
    except ValueError as error:
        raise BadInput(str(error)) from error
    raise BadInput(
        f"{_shape(held)} is no picture: give a path, a file's bytes, a PIL image, or an array (height, width, 3) of "
        "uint8 in RGB"
    )


def _decoded(address: str) -> bytes:
    """The bytes of a "data:image/png;base64,..." address."""
    head, comma, text = address.partition(",")
    try:
        if not comma or not head.endswith(";base64"):
            raise ValueError("it is not in base64")
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadInput(f"the data: address of a picture cannot be read: {error}") from error


def _recording(held: Any, rate: Any) -> Recording:
    """Sound in any of the shapes above."""
    if isinstance(held, str) and "://" in held:
        raise BadInput("nothing is fetched from a network: save the recording and give its path")
    if isinstance(held, str | Path):
        return Recording(read_sound(Path(held)))
    if hasattr(held, "read"):
        held = held.read()
    if isinstance(held, bytes | bytearray | memoryview):
        with tempfile.NamedTemporaryFile(prefix="recording") as file:
            file.write(held)
            file.flush()
            return Recording(read_sound(Path(file.name)))
    if not isinstance(held, np.ndarray) or _is_rgb(held):
        raise BadInput(f"{_shape(held)} is no recording: give a path, a file's bytes, or an array of samples (n,)")
    if not held.size:
        raise BadInput("a recording without a sample in it cannot be heard")
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.integer):
        raise BadInput(f"the rate of a recording is a number of samples a second, such as 48000, not {rate!r}")
    try:
        sound = sound_from(held, float(rate))
        return Recording(resample_whole(sound.samples, sound.rate, HEARING_RATE_HZ))
    except ValueError as error:
        raise BadInput(f"this is no sound: {error}") from error


def _film(held: Any) -> Film:
    """A file, or frames in order; those of a list are half a second apart, as far as anybody knows."""
    if isinstance(held, str | Path):
        if "://" in str(held):
            raise BadInput("nothing is fetched from a network: save the film and give its path")
        return Film(perceive(Path(held), FILM_PICTURES_PER_S))
    if not isinstance(held, list | tuple) and not (isinstance(held, np.ndarray) and held.ndim == 4):
        raise BadInput(f"{_shape(held)} is no film: give the path of a video, or a list of pictures")
    frames = [_picture(frame) for frame in held]
    if not frames:
        raise BadInput("a film without a picture shows nothing")
    return Film([replace(frame, at=number / FILM_PICTURES_PER_S) for number, frame in enumerate(frames)])


def _unsure(array: np.ndarray) -> Recording:
    """An array that nobody said the meaning of: stereo sound, or nothing we know."""
    if not array.size:
        raise BadInput("an array without anything in it is neither picture nor sound")
    try:
        return _recording(array, HEARING_RATE_HZ)
    except BadInput as error:
        raise BadInput(
            f"{_shape(array)} is neither a picture, (height, width, 3) of uint8, nor sound, (n,) or (n, channels); "
            'say which it is: {"type": "image", "image": array}'
        ) from error


def _is_rgb(held: Any) -> bool:
    return isinstance(held, np.ndarray) and held.dtype == np.uint8 and held.shape[2:] == (3,) and held.size > 0


def _shape(held: Any) -> str:
    if isinstance(held, np.ndarray):
        return f"an array {held.shape} of {held.dtype}"
    return f"this ({type(held).__name__})"


def _brief(item: Mapping[str, Any]) -> str:
    told = str(dict(item))
    return told if len(told) < 200 else f"{told[:200]}..."
