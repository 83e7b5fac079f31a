"""Reads the picture of a whole page with the reader of signs, which takes some forty lines at a time.

The page is cut into bands where no ink is, so that no line is cut, and each band is read by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vision.picture import Pixels
from vision.reading.read_text import Reader

BANDS = 3
_REACH = 0.06  # of the page's height: how far from an even cut a blank row is looked for


def text_of_page(reader: Reader, rgb: Pixels) -> str:
    """The lines of a page from top to bottom; blocks for some seconds."""
    return "\n".join(line.text for band in bands_of(rgb) for line in reader.read(band, closely=True))


def bands_of(rgb: Pixels) -> Iterator[Pixels]:
    """The page in BANDS parts, cut at the rows with the least ink near even cuts."""
    height = len(rgb)
    ink = np.abs(rgb.astype(np.int16) - np.median(rgb, axis=(0, 1)).astype(np.int16)).sum(axis=(1, 2))
    reach, cuts = max(1, round(height * _REACH)), [0]
    for number in range(1, BANDS):
        middle = height * number // BANDS
        nearby = ink[middle - reach : middle + reach]
        blank = np.flatnonzero(nearby <= nearby.min())
        cuts.append(middle - reach + int(blank[len(blank) // 2]))
    yield from (np.ascontiguousarray(rgb[top:bottom]) for top, bottom in zip(cuts, [*cuts[1:], height], strict=True))
