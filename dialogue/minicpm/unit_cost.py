"""How long units of full duplex take on this machine when several sessions' are computed together, and so how many
sessions it can hold. Measured once, with the loaded model, in the worst case: every session sees, hears and speaks
all the time in a context that is as full as it gets.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dialogue.minicpm.duplex import Duplex, Said, Second, units_together
from dialogue.minicpm.duplex_rule import Manner, Signs, TokenRule
from dialogue.minicpm.mel import RATE
from dialogue.minicpm.model import MiniCPM
from dialogue.minicpm.request import Picture
from dialogue.minicpm.speech_o45 import SpeechDecoder, sampled
from dialogue.minicpm.window import Everything

UNIT_S = 1.0
SHARE = 0.75  # of a second that units may take: the rest is for jitter, rewinds, and what else the machine does
MOST = 8  # sessions that are tried
SPARE_TOKENS = 2000  # in a measured session's cache, for the units that are measured
SPARE_MEMORY = 0.1  # of what is free stays free


@dataclass(frozen=True, slots=True)
class UnitCost:
    """`measured` are pairs of sessions and seconds, ascending; the first is of one session."""

    measured: tuple[tuple[int, float], ...]

    def seconds(self, sessions: int) -> float:
        """Of one unit of each of them, computed together: along straight lines between what was measured, and
        beyond it in proportion."""
        if sessions <= 0:
            return 0.0
        for (fewer, short), (more, long) in pairwise(self.measured):
            if sessions <= more:
                return short + (long - short) * max(sessions - fewer, 0) / (more - fewer)
        most, longest = self.measured[-1]
        return longest * sessions / most

    def sessions(self, share: float = SHARE) -> int:
        """How many fit into that share of a second; no more than were tried, and 0 where not even one does."""
        most = self.measured[-1][0]
        return max((count for count in range(most + 1) if self.seconds(count) <= share * UNIT_S), default=0)


def measure(
    compute: Callable[[int], object],
    most: int = MOST,
    share: float = SHARE,
    now: Callable[[], float] = time.perf_counter,
) -> UnitCost:
    """`compute(n)` computes a unit of each of n sessions. Doubles n until the units do not fit, or `most` is reached.

    The first run of all warms up and counts only where it is so slow that nothing else needs to be known.
    """

    def taken(count: int) -> float:
        began = now()
        compute(count)
        return now() - began

    first = taken(1)
    if first > 3 * UNIT_S:
        return UnitCost(((1, first),))
    found: list[tuple[int, float]] = []
    count = 1
    while True:
        found.append((count, max(min(taken(count), taken(count)), found[-1][1] if found else 0.0)))
        if found[-1][1] > share * UNIT_S or count >= most:
            return UnitCost(tuple(found))
        count = min(2 * count, most)


def measure_duplex(
    model: MiniCPM,
    context: int = 8000,
    make_sound: Callable[[Sequence[Said]], object] | None = None,
    most: int = MOST,
    speaks: bool = True,
) -> UnitCost:
    """For sessions of at most `context` tokens; no more of them than memory holds. `make_sound` is given what was
    said in a unit of each session, as a vocoder would be; unless the model `speaks` there is only text. Blocks for
    some seconds."""
    sessions: list[Duplex] = []
    moment = Second(_noise(RATE, 1), [Picture(_picture(), max_slices=1)])

    def compute(count: int) -> None:
        while len(sessions) < count:
            sessions.append(talking(model, context, speaks))
        outcomes = units_together([(session, moment) for session in sessions[:count]])
        said = [one for one in outcomes if isinstance(one, Said)]
        for one in outcomes:
            if isinstance(one, Exception):
                raise one
        if make_sound is not None:
            make_sound(said)

    return measure(compute, max(min(most, _fit_into_memory(model, context)), 1))


class _Talking(TokenRule):
    """Never listens and never comes to an end, after thinking about it as long as it always does."""

    def __init__(self, signs: Signs, forbidden: frozenset[int]) -> None:
        super().__init__(signs, forbidden, Manner())
        self._speak = signs.speak

    def choose(self, logits: Tensor) -> int:
        super().choose(logits)
        return self._speak


def talking(model: MiniCPM, context: int, speaks: bool = True) -> Duplex:
    """A session in a full context that speaks all the time, whatever it hears."""
    voice = model.voice if speaks and isinstance(model.voice, SpeechDecoder) else None
    draw = sampled()

    def choose_code(logits: Tensor, probabilities: Tensor) -> int:
        return draw(logits, probabilities) % (len(probabilities) - 1)  # anything but the end

    session = Duplex(model, voice, Everything(), capacity=context + SPARE_TOKENS, choose_code=choose_code)
    session.rule = _Talking(session.signs, model.bad_tokens)
    session.prepare()
    session.cache.storage.normal_()  # memory that was never written to would be read too fast
    session.cache.advance(context - session.cache.length)
    return session


def _fit_into_memory(model: MiniCPM, context: int) -> int:
    free = free_memory(model.decoder.device)
    cache = model.decoder.new_cache(16)
    bytes_each = cache.storage.nbytes // 16 * (context + SPARE_TOKENS)
    return MOST if free is None else int(free * (1 - SPARE_MEMORY) / bytes_each)


def free_memory(device: torch.device) -> int | None:
    """Bytes that could be had there; None where the system does not tell."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _noise(count: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return (0.1 * np.random.default_rng(seed).standard_normal(count)).astype(np.float32)


def _picture() -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (448, 448, 3), dtype=np.uint8)
