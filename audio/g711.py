"""G.711: eight bits a sample at 8 kHz, as telephones send sound. ITU-T G.711, in the form of its tables' formulas."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from audio.chunk import Samples

RATE_HZ = 8_000
Law = Literal["mu", "a"]


def _mu_law() -> NDArray[np.int16]:
    """The 16-bit value of each code of mu-law: a sign, three bits of exponent and four of mantissa, all inverted."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    size = ((mantissa << 3) + 0x84 << exponent) - 0x84
    return np.where(code & 0x80, -size, size).astype(np.int16)


def _a_law() -> NDArray[np.int16]:
    """The same for A-law, whose even bits are inverted."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    size = (mantissa << 4) + np.where(exponent, 0x108, 8) << np.maximum(exponent - 1, 0)
    return np.where(code & 0x80, size, -size).astype(np.int16)


VALUES: dict[Law, NDArray[np.int16]] = {"mu": _mu_law(), "a": _a_law()}


def _codes(law: Law) -> NDArray[np.uint8]:
    """The code with the nearest value, for each of the 65,536 values of 16 bits."""
    order = np.argsort(VALUES[law], kind="stable")
    ranked = VALUES[law][order].astype(np.int32)
    bounds = (ranked[:-1] + ranked[1:]) / 2
    return order[np.searchsorted(bounds, np.arange(-32768, 32768))].astype(np.uint8)


CODES: dict[Law, NDArray[np.uint8]] = {"mu": _codes("mu"), "a": _codes("a")}


def decoded_g711(data: bytes, law: Law) -> Samples:
    """Float32 (n,) at RATE_HZ."""
    return VALUES[law][np.frombuffer(data, np.uint8)].astype(np.float32) / np.float32(32768)


def encoded_g711(samples: Samples, law: Law) -> bytes:
    """Float32 (n,), clipped to full scale, as codes."""
    pcm = np.round(np.clip(samples, -1.0, 1.0) * 32767).astype(np.int32)
    return CODES[law][pcm + 32768].tobytes()
