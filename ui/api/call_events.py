"""What a live call reports to a program: the session's events, and the assistant's voice among them."""

from __future__ import annotations

from dataclasses import dataclass

from audio.chunk import Samples
from stream.runtime.events import Expressed


@dataclass(frozen=True, slots=True, eq=False)
class Voiced:
    """The next piece of the assistant's voice: float32 mono (n,) at `rate`, to be played at second `at` of the call."""

    samples: Samples
    rate: int
    at: float


CallEvent = Expressed | Voiced
