"""Names the colours and the light of a picture as a person would.

A colour has the name of the nearest of a list of examples in CIE Lab, where distances approximate perceived
differences. Lightness counts half, since it depends on the light more than on the object.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.box import WHOLE, Box, cut
from vision.picture import Pixels

Light = Literal["dark", "dim", "normal", "bright"]

# Examples as web colours. Greys include their neighbours, since white balance is never exact.
_EXAMPLES = {
    "black": "000000 141414 1e1c1a 181c20 101418",
    "grey": "3c3c3c 505050 6e6e6e 808080 989898 b0b0b0 c0c0c0 8a8680 80868c 6a6660 60666c a8a49c 9ca4a8 504c48 484c50",
    "white": "ffffff f4f4f4 e6e6e6 d8d8d8 f0ece4 e8ecf0 fffff0 f4fff4",
    "red": "ff0000 e01020 c01020 a01018 800000 dc3c3c d02038 b83030 8c1c1c e84040 600808",
    "orange": "ff8000 ff9a20 ff6a10 e87820 f0a040 d86818 ffa860 f86030",
    "brown": "6b4423 8b5a2b 7a4a20 5c3a1e 4a2c14 96643c a0522d 3c2412 80603c 705040 946848 6a3c20 b07840 503828"
    " 7f7053 96780a 401008 b26408",
    "yellow": "ffff00 ffe020 f4d03f e8c820 fff060 d4c020 ffff80 c8b820 fff4a0 e0b820 ffd030",
    "green": "00ff00 20c020 108010 006400 2e8b57 60a040 80c060 556b2f 40e080 90ee90 a8d880 3c6030 203c18 808000"
    " 98a850 98fb98 c0f0a0 80ff40 587048 a0e020 304830",
    "turquoise": "00ffff 40e0d0 20b0a8 008080 60d0c8 20a0b0 7fffd4 00c8b0 80f0e8 106868",
    "blue": "0000ff 1e50c8 4080ff 000080 4682b4 87ceeb 6090d0 203c78 a0c8f0 101c50 0080ff 5070a8 385480 00a0f0 b0d8ff"
    " 30b0f0 0504aa 0410d0 00035b 0a0a40 4169e1 5170d7 8f99fb d0f8fe 6888a8 2038b0 3a48a8",
    "purple": "800080 9932cc 6a0dad 8a2be2 5c2a80 b080e0 c8a8f0 7850a0 a020f0 4b0082 902090 603868 b060c0 7060c8",
    "pink": "ffc0cb ff69b4 ff1493 f0a0b8 e060a0 ff80c0 ff00ff e878d8 d84890 f8b0e0 ff90a0 e8a0a8 d06888 ffb6d0 c82878",
    "beige": "f5f5dc e8d8b8 d2b48c deb887 e0c8a0 c8b090 f0dcc0 e8c8b0 ffdab9 d8c4a0 c0a888 ffe8c8",
}
_LIGHTNESS_COUNTS = 0.5
_NAMES = tuple(_EXAMPLES)
_LEVELS = 32  # per channel, in the table that maps a colour to its name

_SAMPLE = 64  # pixels per side of the sample that represents a picture or a box
_SHARE_WORTH_A_NAME = 0.08

_DARK, _DIM, _BRIGHT = 0.13, 0.28, 0.75  # mean lightness
_FLAT = 0.02  # spread of the lightness of a picture without content


def dominant_colours(rgb: Pixels, box: Box | None = None, k: int = 3) -> list[tuple[str, float]]:
    """Up to `k` of thirteen names with their shares of the picture, or of the part in `box`, largest first."""
    part = cut(rgb, box or WHOLE)
    small = cv2.resize(part, (_SAMPLE, _SAMPLE), interpolation=cv2.INTER_NEAREST)
    levels = small.reshape(-1, 3) // (256 // _LEVELS)
    counts = np.bincount(_table()[levels[:, 0], levels[:, 1], levels[:, 2]], minlength=len(_NAMES))
    shares = counts / counts.sum()
    largest = np.argsort(-shares, kind="stable")[:k]
    return [(_NAMES[i], float(shares[i])) for i in largest if shares[i] >= _SHARE_WORTH_A_NAME]


def is_covered(rgb: Pixels) -> bool:
    """Whether something covers the lens, or there is no light: a picture of one dark colour."""
    return _is_covered(cv2.resize(rgb, (_SAMPLE, _SAMPLE), interpolation=cv2.INTER_AREA))


def brightness(rgb: Pixels) -> tuple[float, Light]:
    """Mean lightness, 0..1, and its name. A covered lens counts as dark."""
    small = cv2.resize(rgb, (_SAMPLE, _SAMPLE), interpolation=cv2.INTER_AREA)
    mean = float(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).mean()) / 255
    if mean < _DARK or _is_covered(small):
        return mean, "dark"
    return mean, "dim" if mean < _DIM else "normal" if mean < _BRIGHT else "bright"


def _is_covered(small: Pixels) -> bool:
    spread = float(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).std()) / 255
    return spread < _FLAT and float(small.max(2).mean()) / 255 < _DIM


@cache
def _table() -> NDArray[np.uint8]:
    """(32, 32, 32): the index of the name of each red, green and blue."""
    examples = [(i, example) for i, name in enumerate(_NAMES) for example in _EXAMPLES[name].split()]
    names = np.array([i for i, _ in examples], np.uint8)
    known = _lab(np.array([[int(example[at : at + 2], 16) for at in (0, 2, 4)] for _, example in examples]))
    step = 256 // _LEVELS
    axis = np.arange(_LEVELS) * step + step // 2
    entries = _lab(np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3))
    distances = (known**2).sum(1) - 2 * entries @ known.T  # squared, without the term that all examples share
    table: NDArray[np.uint8] = names[distances.argmin(1)].reshape(_LEVELS, _LEVELS, _LEVELS)
    return table


def _lab(rgb: NDArray[np.int64]) -> NDArray[np.float32]:
    """(n, 3) of 0..255 -> CIE Lab, its lightness weighted down."""
    lab: NDArray[np.float32] = cv2.cvtColor((rgb.astype(np.float32) / 255)[None], cv2.COLOR_RGB2Lab)[0]
    return lab * np.array([_LIGHTNESS_COUNTS, 1, 1], np.float32)
