"""Reads the histories given to `Assistant.chat`: paths, arrays and dictionaries become messages.

An item of a message's content is
  text         "text" or {"type": "text", "text": "text"}
  a file       a Path, or {"type": "image" | "audio" | "video", "image" | "audio" | "video" | "path": path}
  a picture    a PIL image or an array (H, W, 3) of uint8 in RGB, alone or in such a dictionary; in a
               dictionary also a grey (H, W) or RGBA (H, W, 4) array, a file's bytes, an open file, a "data:" URL, and
               {"type": "image_url", "image_url": {"url": ...}} with a "data:" URL
  a recording  an array (n,) of floats or integers at 16 kHz; at another rate
               {"type": "audio", "audio": array, "rate": 48000}, or "sampling_rate"; in a dictionary
               also a file's bytes
  a video      {"type": "video", "video": [picture, picture, ...]}: frames, in order; or a file's bytes
A plain string is always text, so a file's name as a string needs a dictionary. Nothing is fetched from a network.
"""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from PIL import Image

from audio.chunk import HEARING_RATE_HZ, Chunk
from audio.clean import sound_from
from audio.resample import resample_whole
from dialogue.errors import BadInput
from stream.media.media_file import contents, perceive, read_picture, read_sound
from stream.requests.request_message import CallsMade, Film, Item, Recording, RequestMessage, Role
from vision.picture import Picture
from vision.picture_file import open_picture, picture_from

VIDEO_PICTURES_PER_S = 2.0
FILES = ("image", "audio", "video")
# Names of a recording's sample rate, including those of other audio libraries.
RATES = ("rate", "sampling_rate", "sample_rate")
ITEM = 'An item must be {"type": "text", "text": ...} or {"type": "image" | "audio" | "video", "image": ...}'


def read_history(history: Sequence[Mapping[str, Any]]) -> list[RequestMessage]:
    """The messages of a history. Raises BadInput that names the message at fault."""
    if isinstance(history, str | Mapping) or not isinstance(history, Sequence):
        raise BadInput('A history must be a list of messages: [{"role": "user", "content": "..."}].')
    return [_message(number, each) for number, each in enumerate(history, 1)]


def read_item(item: Any) -> Item:
    """One item in a form listed above. Raises BadInput."""
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
            return _untyped(item)
        case Picture() | Recording() | Film() | CallsMade():
            return item
        case Mapping():
            return _dictionary(item)
    raise BadInput(f"An item must be text, a path, an array or a dictionary with a type, not {type(item).__name__}.")


def read_file(path: Path) -> Picture | Recording | Film:
    """The picture, recording or video in a file."""
    match contents(path).kind:
        case "picture":
            return read_picture(path)
        case "sound":
            return Recording(read_sound(path))
        case _:
            return Film(perceive(path, VIDEO_PICTURES_PER_S))


def _message(number: int, message: Mapping[str, Any]) -> RequestMessage:
    if not isinstance(message, Mapping) or "role" not in message or "content" not in message:
        raise BadInput(f'Message {number} must be {{"role": "user", "content": ...}}.')
    content, role = message["content"], message["role"]
    if role not in get_args(Role):
        raise BadInput(f"Message {number} has the role {role!r}; the roles are {', '.join(get_args(Role))}.")
    items = content if isinstance(content, list | tuple) else [content]
    try:
        return RequestMessage(role, [read_item(item) for item in items])
    except BadInput as error:
        raise BadInput(f"Message {number}: {error}") from error


def _dictionary(item: Mapping[str, Any]) -> Item:
    kind = item.get("type")
    if kind == "text" and isinstance(item.get("text"), str):
        return _text(item["text"])
    if kind == "image_url":
        address = item.get("image_url")
        return _picture(address.get("url") if isinstance(address, Mapping) else address)
    value = item.get(kind, item.get("path")) if kind in FILES else None
    if value is None:
        raise BadInput(f"{ITEM}, not {_brief(item)}.")
    if isinstance(value, Picture | Recording | Film):
        return value
    if kind == "image":
        return _picture(value)
    if kind == "audio":
        return _recording(value, next((item[name] for name in RATES if name in item), HEARING_RATE_HZ))
    return _video(value)


def _text(text: str) -> str:
    """Raises BadInput for surrogate code points, which come from bytes that are not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadInput("The text is not valid UTF-8. Save it as UTF-8.") from error
    return text


def _picture(value: Any) -> Picture:
    """A picture from any form listed above."""
    if isinstance(value, str) and "://" in value:
        raise BadInput("Nothing is fetched from a network. Save the picture and give its path.")
    if isinstance(value, str) and value.startswith("data:"):
        value = _decoded(value)
    if isinstance(value, str | Path):
        return read_picture(Path(value))
    if hasattr(value, "read"):
        value = value.read()
    try:
        if isinstance(value, bytes | bytearray | memoryview):
            return open_picture(bytes(value))
        if isinstance(value, Image.Image):
            return picture_from(value)
        if _is_rgb(value):
            return Picture(np.ascontiguousarray(value), 0.0, source="file")
        if isinstance(value, np.ndarray) and value.dtype == np.uint8 and (value.ndim == 2 or value.shape[2:] == (4,)):
            return picture_from(Image.fromarray(np.ascontiguousarray(value)))
    except ValueError as error:
        raise BadInput(str(error)) from error
    raise BadInput(
        f"{_shape(value)} is not a picture. Give a path, a file's bytes, a PIL image, or an array (height, width, 3) "
        "of uint8 in RGB."
    )


def _decoded(url: str) -> bytes:
    """The bytes of a "data:image/png;base64,..." URL."""
    head, comma, text = url.partition(",")
    try:
        if not comma or not head.endswith(";base64"):
            raise ValueError("it is not base64")
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadInput(f"The data: URL of a picture cannot be read: {error}.") from error


def _recording(value: Any, rate: Any) -> Recording:
    """A recording from any form listed above."""
    if isinstance(value, str) and "://" in value:
        raise BadInput("Nothing is fetched from a network. Save the recording and give its path.")
    if isinstance(value, str | Path):
        return Recording(read_sound(Path(value)))
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes | bytearray | memoryview):
        with tempfile.NamedTemporaryFile(prefix="recording") as file:
            file.write(value)
            file.flush()
            return Recording(read_sound(Path(file.name)))
    if not isinstance(value, np.ndarray) or _is_rgb(value):
        raise BadInput(f"{_shape(value)} is not a recording. Give a path, a file's bytes, or an array of samples (n,).")
    if not value.size:
        raise BadInput("A recording must have at least one sample.")
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.integer):
        raise BadInput(f"The rate of a recording must be a number of samples per second, such as 48000, not {rate!r}.")
    try:
        sound = sound_from(value, float(rate))
        return Recording(resample_whole(sound.samples, sound.rate, HEARING_RATE_HZ))
    except ValueError as error:
        raise BadInput(f"This is not a recording: {error}") from error


def _video(value: Any) -> Film:
    """A file, its bytes, or frames in order; frames of a list count as half a second apart."""
    if isinstance(value, bytes):
        return Film(_perceived(value))
    if isinstance(value, str | Path):
        if "://" in str(value):
            raise BadInput("Nothing is fetched from a network. Save the video and give its path.")
        return Film(perceive(Path(value), VIDEO_PICTURES_PER_S))
    if not isinstance(value, list | tuple) and not (isinstance(value, np.ndarray) and value.ndim == 4):
        raise BadInput(f"{_shape(value)} is not a video. Give the path of a video, or a list of pictures.")
    frames = [_picture(frame) for frame in value]
    if not frames:
        raise BadInput("A video must have at least one picture.")
    return Film([replace(frame, at=number / VIDEO_PICTURES_PER_S) for number, frame in enumerate(frames)])


def _perceived(film: bytes) -> Iterator[Chunk | Picture]:
    with tempfile.NamedTemporaryFile(prefix="film") as file:
        file.write(film)
        file.flush()
        yield from perceive(Path(file.name), VIDEO_PICTURES_PER_S)


def _untyped(array: np.ndarray) -> Recording:
    """An array without a stated type: stereo sound, or an error."""
    if not array.size:
        raise BadInput("An empty array is neither a picture nor sound.")
    try:
        return _recording(array, HEARING_RATE_HZ)
    except BadInput as error:
        raise BadInput(
            f"{_shape(array)} is neither a picture, (height, width, 3) of uint8, nor sound, (n,) or (n, channels). "
            'State its type: {"type": "image", "image": array}.'
        ) from error


def _is_rgb(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.shape[2:] == (3,) and value.size > 0


def _shape(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"An array {value.shape} of {value.dtype}"
    return f"A value of type {type(value).__name__}"


def _brief(item: Mapping[str, Any]) -> str:
    shown = str(dict(item))
    return shown if len(shown) < 200 else f"{shown[:200]}..."
