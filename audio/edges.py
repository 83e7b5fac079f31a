"""Trims the silence that a synthesiser leaves around a phrase, and adds the pauses that a listener expects."""

from __future__ import annotations

import numpy as np

from audio.chunk import Samples

QUIET = 10 ** (-50 / 20)  # a window whose root mean square is below this is silence
WINDOW_S = 0.005
LEAD_S = 0.010  # kept before the first sound
FADE_S = 0.003
# Kept or added after the last sound, by the final punctuation; PAUSE_S in mid-sentence.
PAUSES_S = {".": 0.30, "!": 0.30, "?": 0.30, "…": 0.35, ",": 0.14, ";": 0.20, ":": 0.20, "—": 0.18, "–": 0.18}
PAUSES_S |= {"。": 0.30, "！": 0.30, "？": 0.30, "，": 0.14, "、": 0.10, "；": 0.20, "：": 0.20}
PAUSE_S = 0.03
CLOSERS = "\"'”’)] 」』）》"


def sounding_span(samples: Samples, rate: int) -> tuple[int, int]:
    """(start, end) in samples of the part that is not silent; (0, 0) if all of it is silent."""
    window = round(rate * WINDOW_S)
    if len(samples) < window:
        return 0, 0
    windows = samples[: len(samples) // window * window].reshape(-1, window)
    loud = np.flatnonzero(np.einsum("ij,ij->i", windows, windows) > window * QUIET**2)
    if not len(loud):
        return 0, 0
    return int(loud[0]) * window, (int(loud[-1]) + 1) * window


def pause_after(text: str) -> float:
    """Seconds of the pause after `text`."""
    return PAUSES_S.get(text.rstrip(CLOSERS)[-1:], PAUSE_S)


def with_edges(samples: Samples, rate: int, span: tuple[int, int], pause_s: float) -> tuple[Samples, int]:
    """The span with 10 ms before and `pause_s` after it, faded in and out, and the number of samples cut before it."""
    first, last = span
    begin = max(0, first - round(rate * LEAD_S))
    end = last + round(rate * pause_s)
    kept = samples[begin:end].copy()
    fade = min(len(kept), round(rate * FADE_S))
    kept[:fade] *= np.linspace(0.0, 1.0, fade, dtype=np.float32)
    kept[len(kept) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return np.pad(kept, (0, max(0, end - len(samples)))), begin
