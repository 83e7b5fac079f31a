"""What the browser recorded of a call: sound at both ends, and the server's messages, on one clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from audio.chunk import Samples

YIELDED = ("yielded", "cut_in")  # kinds of reasons
TYPED = "you typed a message"  # what the benchmark itself does, to keep the assistant talking

Message = dict[str, Any]


@dataclass
class BrowserRecording:
    """What the browser recorded. Times are seconds of the recording; `echo` is the part without trials."""

    began: float  # of the microphone's file, about
    microphone: Samples
    heard: Samples  # the voice as far as the page did not mute it
    messages: list[tuple[float, Message]]
    echo: tuple[float, float]

    def of(self, kind: str, start: float = 0.0, end: float = float("inf")) -> Iterator[tuple[float, Message]]:
        """The server's messages of a kind between two times."""
        return ((at, message) for at, message in self.messages if message["type"] == kind and start <= at < end)

    def cuts(self, start: float, end: float) -> list[tuple[float, Message]]:
        """When the assistant yielded to a sound, and the reply that ended there, which may be reported later."""
        ended = {message["turn"]: message for _, message in self.of("reply_ended", start)}
        reasons = self.of("why", start, end)
        yields = [(at, why["turn"]) for at, why in reasons if why["kind"] in YIELDED and TYPED not in why["text"]]
        return [(at, ended[turn]) for at, turn in yields if turn in ended]

    def next_state(self, state: str, after: float) -> float:
        """When the state next came; infinity if never."""
        return min((at for at, each in self.of("state", after) if each["state"] == state), default=float("inf"))

    def speaking_since(self, at: float) -> float | None:
        """Since when the assistant was speaking at this time; None if it was not."""
        before = list(self.of("state", end=at))
        return before[-1][0] if before and before[-1][1]["state"] == "speaking" else None
