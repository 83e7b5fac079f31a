"""Plays out the sound of replies and tracks what the user has heard. Sound comes in by phrase and goes out by 20 ms.

`pull` may be called from a sound card's thread, everything else from the event loop. Counts samples, reads no clock.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from audio.chunk import Samples

DUCKED = 10 ** (-12 / 20)  # of the usual loudness, while somebody speaks over the reply
RAMP_S = 0.02
LONGEST_WORD_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class AudioPiece:
    """A phrase as sound. `samples` at the playback's rate; `text` exactly as in the reply.

    `ends` are (seconds from the start of the piece, characters of `text` said by then).
    """

    text: str
    samples: Samples
    ends: tuple[tuple[float, int], ...]
    filler: bool = False  # ends the silence before the reply, and is no part of it


@dataclass
class _Track:
    """The sound of one turn's reply."""

    turn: int
    pieces: list[AudioPiece]
    total: int = 0  # samples added
    pulled: int = 0  # samples played
    filler: int = 0  # samples before the reply
    complete: bool = False  # no more pieces will come

    def go_back(self, samples: int, rate: int) -> deque[Samples]:
        """Takes back what was played last, and what was played of the word before; returns the sound from there on."""
        wanted = max(0, self.pulled - samples)
        starts = list(accumulate((len(piece.samples) for piece in self.pieces), initial=0))
        begun = list(zip(self.pieces, starts, strict=False))
        words = [start + round(end * rate) for piece, start in begun for end, _ in piece.ends]
        word = max((at for at in (*starts, *words) if at <= wanted), default=0)
        self.pulled = word if wanted - word <= LONGEST_WORD_S * rate else wanted
        waiting = [(piece.samples, start) for piece, start in begun if start + len(piece.samples) > self.pulled]
        return deque(samples[max(0, self.pulled - start) :] for samples, start in waiting)

    def begun(self) -> str:
        """The text of the pieces of which something was played."""
        starts = accumulate((len(piece.samples) for piece in self.pieces), initial=0)
        return " ".join(piece.text for piece, start in zip(self.pieces, starts, strict=False) if start < self.pulled)


class Playback:
    """The outgoing sound of one session: one turn at a time, gated until it is opened, cut at any word.

    `on_moved` is called (by the thread that pulls) when the first sample of a turn goes out, about every `step_s`
    after that, and when the last one has gone; also when the turn is opened or complete. `on_pulled` is called (by the
    same thread) with all that goes out, silence too.
    """

    def __init__(
        self,
        rate: int,
        step_s: float = 0.1,
        *,
        on_moved: Callable[[], None] = lambda: None,
        on_pulled: Callable[[Samples], None] = lambda _samples: None,
    ) -> None:
        self.rate = rate
        self._on_moved, self._on_pulled = on_moved, on_pulled
        self._step = round(rate * step_s)
        self._lock = threading.Lock()
        self._track: _Track | None = None
        self._queue: deque[Samples] = deque()
        self._said_before = ""  # the words of the last reply of which anything was played
        self._open = self._held = self._suspended = False
        self._gain = self._wanted_gain = 1.0

    def start(self, turn: int) -> None:
        """Begins a new reply. Sound of other turns is dropped, now and later."""
        with self._lock:
            self._keep_words()
            self._track = _Track(turn, [])
            self._queue.clear()
            self._open = self._held = self._suspended = False
            self._gain = self._wanted_gain = 1.0

    def add(self, turn: int, piece: AudioPiece) -> None:
        """Appends sound. Late output of another turn is ignored."""
        with self._lock:
            track = self._track
            if track is None or track.turn != turn:
                return
            track.pieces.append(piece)
            track.total += len(piece.samples)
            track.filler += len(piece.samples) if piece.filler else 0
            self._queue.append(piece.samples)

    def complete(self, turn: int) -> None:
        """Marks the turn: no more pieces will be added."""
        with self._lock:
            if self._track is not None and self._track.turn == turn:
                self._track.complete = True
        self._on_moved()

    def go_on(self, turn: int) -> None:
        """Takes `complete` back: more pieces will be added."""
        with self._lock:
            if self._track is not None and self._track.turn == turn:
                self._track.complete = False

    def open(self, turn: int) -> None:
        """Lets the sound of the turn out: the turn is decided."""
        with self._lock:
            self._open = self._track is not None and self._track.turn == turn
        self._on_moved()

    def duck(self) -> None:
        """Plays quietly from the next frame on, also what was suspended."""
        self._wanted_gain, self._suspended = DUCKED, False

    def hold(self) -> None:
        """Keeps the sound of the turn, which was not opened, until `restore`."""
        self._held = True

    def suspend(self, unplayed_s: float) -> None:
        """Plays nothing until `restore` or `duck`, which goes on with the word that was not heard whole: the far end
        drops the last `unplayed_s` that it was sent."""
        with self._lock:
            if self._track is not None and not self._suspended:
                self._suspended = True
                self._queue = self._track.go_back(round(unplayed_s * self.rate), self.rate)

    def restore(self) -> None:
        """Plays as loudly as before, and what was held."""
        self._wanted_gain = 1.0
        with self._lock:
            self._suspended = False
            self._open = self._track is not None and (self._open or self._held)
            self._held = False
        self._on_moved()

    def pull(self, n: int) -> Samples:
        """The next n samples, float32 (n,); zeros where there is nothing to play."""
        out = self._next(n)
        self._on_pulled(out)
        return out

    def _next(self, n: int) -> Samples:
        out = np.zeros(n, np.float32)
        with self._lock:
            track = self._track
            if track is None or not self._open or self._suspended or not self._queue:
                return out
            before, filled = track.pulled, 0
            while filled < n and self._queue:
                head = self._queue.popleft()
                take = min(len(head), n - filled)
                out[filled : filled + take] = head[:take]
                filled += take
                if take < len(head):
                    self._queue.appendleft(head[take:])
            self._turn_down(out)
            track.pulled += filled
            began = before <= track.filler < track.pulled  # the reply itself
            moved = before == 0 or began or track.pulled // self._step != before // self._step or not self._queue
        if moved:
            self._on_moved()
        return out

    def _turn_down(self, out: Samples) -> None:
        wanted = self._wanted_gain
        if self._gain == wanted == 1.0:
            return
        most = (1.0 - DUCKED) * len(out) / (RAMP_S * self.rate)
        reached = min(max(wanted, self._gain - most), self._gain + most)
        out *= np.linspace(self._gain, reached, len(out), dtype=np.float32)
        self._gain = reached

    def sent_s(self, turn: int) -> float:
        """Seconds of this turn that have been played."""
        with self._lock:
            return self._track.pulled / self.rate if self._track is not None and self._track.turn == turn else 0.0

    def begun(self, turn: int) -> bool:
        """Whether any of the reply was played, beyond what filled the silence before it."""
        with self._lock:
            return self._track is not None and self._track.turn == turn and self._track.pulled > self._track.filler

    def said_lately(self) -> str:
        """The words whose sound has begun to go out, of the current reply and of the one before."""
        with self._lock:
            return f"{self._said_before} {self._track.begun() if self._track is not None else ''}"

    def _keep_words(self) -> None:
        if self._track is not None and self._track.pulled:
            self._said_before = self._track.begun()

    def waiting_s(self) -> float:
        """Seconds of sound queued and not yet played."""
        with self._lock:
            return sum(map(len, self._queue)) / self.rate

    def drained(self, turn: int) -> bool:
        """Whether the turn is complete and all of it has been played."""
        with self._lock:
            track = self._track
            return track is not None and track.turn == turn and track.complete and track.pulled == track.total

    def heard_characters(self, turn: int, delay_s: float) -> int:
        """Characters of the reply's text heard so far, in whole words. The far end plays `delay_s` after sending."""
        with self._lock:
            track = self._track
            if track is None or track.turn != turn:
                return 0
            left = track.pulled / self.rate - (0.0 if self._suspended else delay_s)
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
        """Flushes the turn: silence from the next frame on."""
        with self._lock:
            if self._track is not None and self._track.turn == turn:
                self._keep_words()
                self._track = None
                self._queue.clear()
                self._open = self._held = self._suspended = False
                self._gain = self._wanted_gain = 1.0
