"""What the user has really heard so far. Sound in by phrase, out by 20 ms; knows where to cut.

`pull` may be called from a sound card's thread, everything else on the event loop. Counts samples, reads no clock.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from audio.chunk import Samples


@dataclass(frozen=True, slots=True, eq=False)
class AudioPiece:
    """A phrase as sound. `samples` at the playback's rate; `text` exactly as in the reply.

    `ends` are (seconds from the start of the piece, characters of `text`): by then so much has been said.
    """

    text: str
    samples: Samples
    ends: tuple[tuple[float, int], ...]


@dataclass
class _Track:
    """One turn's reply on its way to the ears."""

    turn: int
    pieces: list[AudioPiece]
    total: int = 0  # samples added
    pulled: int = 0  # samples handed out
    complete: bool = False  # no more pieces will come


class Playback:
    """The outgoing sound of one session: one turn at a time, gated until it is opened, cut at any word.

    `on_moved` is called (from whatever thread pulls) when the first sample of a turn goes out, about every
    `step_s` after that, when the last one has gone, and when the turn is opened or complete.
    """

    def __init__(self, rate: int, step_s: float = 0.1) -> None:
        self.rate = rate
        self.on_moved: Callable[[], None] = lambda: None
        self._step = round(rate * step_s)
        self._lock = threading.Lock()
        self._track: _Track | None = None
        self._queue: deque[Samples] = deque()
        self._open = False
        self._held = False

    def start(self, turn: int) -> None:
        """A new reply. Sound of any other turn is dropped, now and later."""
        with self._lock:
            self._track = _Track(turn, [])
            self._queue.clear()
            self._open = self._held = False

    def add(self, turn: int, piece: AudioPiece) -> None:
        """Late output of an old turn is ignored by its number."""
        with self._lock:
            track = self._track
            if track is None or track.turn != turn:
                return
            track.pieces.append(piece)
            track.total += len(piece.samples)
            self._queue.append(piece.samples)

    def complete(self, turn: int) -> None:
        """No more pieces will be added to this turn."""
        with self._lock:
            if self._track is not None and self._track.turn == turn:
                self._track.complete = True
        self.on_moved()

    def go_on(self, turn: int) -> None:
        """More pieces will be added to this turn after all."""
        with self._lock:
            if self._track is not None and self._track.turn == turn:
                self._track.complete = False

    def open(self, turn: int) -> None:
        """The turn is decided: let its sound out."""
        with self._lock:
            self._open = self._track is not None and self._track.turn == turn
        self.on_moved()

    def hold(self) -> None:
        """Fall silent at the next frame without forgetting anything."""
        self._held = True

    def release(self) -> None:
        self._held = False

    @property
    def held(self) -> bool:
        return self._held

    def pull(self, n: int) -> Samples:
        """The next n samples, float32 (n,); zeros where there is nothing to say."""
        out = np.zeros(n, np.float32)
        with self._lock:
            track = self._track
            if track is None or not self._open or self._held or not self._queue:
                return out
            before, filled = track.pulled, 0
            while filled < n and self._queue:
                head = self._queue.popleft()
                take = min(len(head), n - filled)
                out[filled : filled + take] = head[:take]
                filled += take
                if take < len(head):
                    self._queue.appendleft(head[take:])
            track.pulled += filled
            news = before == 0 or track.pulled // self._step != before // self._step or not self._queue
        if news:
            self.on_moved()
        return out

    def sent_s(self, turn: int) -> float:
        """Seconds of this turn that have gone out."""
        with self._lock:
            return self._track.pulled / self.rate if self._track is not None and self._track.turn == turn else 0.0

    def waiting_s(self) -> float:
        """Seconds of sound made and not yet gone out."""
        with self._lock:
            return sum(map(len, self._queue)) / self.rate

    def drained(self, turn: int) -> bool:
        """Everything of this turn has gone out and no more will come."""
        with self._lock:
            track = self._track
            return track is not None and track.turn == turn and track.complete and track.pulled == track.total

    def heard_characters(self, turn: int, delay_s: float) -> int:
        """How much of the reply's text has been heard, when the far end plays `delay_s` after sending. Whole words."""
        with self._lock:
            track = self._track
            if track is None or track.turn != turn:
                return 0
            left = track.pulled / self.rate - delay_s
            characters = 0
            for piece in track.pieces:
                length = len(piece.samples) / self.rate
                if left >= length:
                    characters += len(piece.text)
                    left -= length
                    continue
                characters += max((upto for at, upto in piece.ends if at <= left), default=0)
                break
            return characters

    def drop(self, turn: int) -> None:
        """Flush: silence from the next frame on, and nothing more of this turn."""
        with self._lock:
            if self._track is not None and self._track.turn == turn:
                self._track = None
                self._queue.clear()
                self._open = self._held = False
