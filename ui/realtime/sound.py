"""Reads and writes the sound and the pictures of realtime dialects, which travel as base64 text."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np

from audio.chunk import Samples
from dialogue.errors import BadInput

LONGEST_APPEND = 15 * 1024 * 1024  # characters of base64 in one message
PICTURE_URL, VIDEO_URL = "data:image/", "data:video/"


def decoded(value: Any, name: str, longest: int = LONGEST_APPEND) -> bytes:
    """The bytes of base64 text. Raises BadInput that names the field."""
    if not isinstance(value, str) or len(value) > longest:
        raise BadInput(f"{name} must be base64 text of at most {longest // 1024**2} MB.")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(f"{name} is not base64.") from None


def pcm16_from(value: Any, name: str = "audio") -> Samples:
    """Base64 of 16-bit little-endian PCM as float32 (n,). Raises BadInput."""
    pcm = decoded(value, name)
    if len(pcm) % 2:
        raise BadInput(f"{name} must have two bytes for each sample.")
    return samples_of(pcm)


def samples_of(pcm: bytes) -> Samples:
    """16-bit little-endian PCM as float32 (n,)."""
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)


def pcm_of(samples: Samples) -> bytes:
    """Float32 (n,) as 16-bit little-endian PCM, rounded, and clipped to full scale."""
    return np.round(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()


def pcm16(samples: Samples) -> str:
    """Float32 (n,) as base64 of `pcm_of`."""
    return base64.b64encode(pcm_of(samples)).decode()


def float32_from(value: Any, name: str = "audio") -> Samples:
    """Base64 of little-endian float32 as (n,), clipped to full scale. Raises BadInput, also for NaN and infinity."""
    data = decoded(value, name)
    if len(data) % 4:
        raise BadInput(f"{name} must have four bytes for each sample.")
    samples = np.frombuffer(data, "<f4")
    if not np.isfinite(samples).all():
        raise BadInput(f"{name} has samples that are not numbers.")
    clipped: Samples = np.clip(samples, -1.0, 1.0).astype(np.float32)
    return clipped


def float32(samples: Samples) -> str:
    """Float32 (n,) as base64."""
    return base64.b64encode(samples.astype("<f4").tobytes()).decode()


def picture_from_url(url: Any, name: str) -> bytes:
    """The picture file in a "data:" URL. Raises BadInput; nothing is read from a disk or a network."""
    return data_from_url(url, name, PICTURE_URL)


def data_from_url(url: Any, name: str, kind: str, longest: int = LONGEST_APPEND) -> bytes:
    """The file in a "data:" URL that begins with `kind`. Raises BadInput."""
    if not isinstance(url, str) or not url.startswith(kind) or ";base64," not in url[:100]:
        raise BadInput(f"{name} must be a data URL of a file: {kind}...;base64,...")
    return decoded(url.split(",", 1)[1], name, longest)
