"""What a call does with what its page sends, and the sound that it has for it, whatever connects them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from audio.chunk import Samples


@dataclass(frozen=True, slots=True)
class PageSide:
    """`received` takes the page's messages and never raises; `alive` is called for each packet; `pull(n)` gives the
    next n samples of the voice, float32 at 48 kHz, without waiting."""

    received: Callable[[str | bytes], None]
    alive: Callable[[], None]
    pull: Callable[[int], Samples]
