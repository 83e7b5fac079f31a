"""Sound and text in the messages of realtime servers, which are not trusted: what is odd raises BadInput."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np

from dialogue.errors import BadInput
from dialogue.remote.realtime.far_events import Samples
from dialogue.remote.remote_format import printable

MOST_TEXT = 4_000  # characters of one piece of text
SHOWN = 300  # characters of an error


def pcm16(samples: Samples) -> str:
    """Float32 (n,) as base64 of 16-bit little-endian PCM."""
    return base64.b64encode(np.round(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()).decode()


def float32(samples: Samples) -> str:
    """Float32 (n,) as base64."""
    return base64.b64encode(samples.astype("<f4").tobytes()).decode()


def from_pcm16(value: Any) -> Samples:
    """Base64 of 16-bit little-endian PCM as float32 (n,). Raises BadInput."""
    data = _decoded(value, 2)
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)


def from_float32(value: Any) -> Samples:
    """Base64 of float32 as (n,), clipped to full scale; what is no number is silence. Raises BadInput."""
    samples: Samples = np.clip(np.nan_to_num(np.frombuffer(_decoded(value, 4), "<f4")), -1.0, 1.0).astype(np.float32)
    return samples


def text_in(value: Any) -> str:
    """Text of a reply. Raises BadInput."""
    if not isinstance(value, str) or len(value) > MOST_TEXT:
        raise BadInput("The realtime server sent text that cannot be used.")
    return value


def shown(value: Any, otherwise: str) -> str:
    """The server's words about an error, fit to be shown."""
    words = printable(value[:SHOWN]) if isinstance(value, str) else ""
    return words or otherwise


def fields_of(value: Any) -> dict[str, Any]:
    """An object in a message; empty where there is none."""
    return value if isinstance(value, dict) else {}


def _decoded(value: Any, width: int) -> bytes:
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        data = b"?"
    if len(data) % width:
        raise BadInput("The realtime server sent sound that cannot be used.")
    return data
