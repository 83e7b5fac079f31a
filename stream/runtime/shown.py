"""What the user shows beside the camera, as input and output events beside those of `events.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vision.picture_file import MAX_BYTES

MOST_FILE_BYTES = 200_000_000  # of one file
MOST_PICTURE_BYTES = MAX_BYTES

ShownState = Literal["waiting", "reading", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class FileShown:
    """The user shows a file. `path` is a copy of it, which the session removes once it has taken it in; its name is the
    user's."""

    number: int
    path: Path


@dataclass(frozen=True, slots=True)
class PictureDrawn:
    """The assistant shows a picture that it drew: a JPEG in base64."""

    picture: str


@dataclass(frozen=True, slots=True)
class ShownChanged:
    """How far a file is taken in: `done` of it, 0 to 1. `kind` is empty until it is known. `text` says what is in it,
    or why it cannot be used. `thumbnail` is a JPEG in base64; empty where it has none, or was sent before."""

    number: int
    name: str
    kind: str
    state: ShownState
    done: float = 0.0
    text: str = ""
    thumbnail: str = ""
