"""What the listener heard, beside what was synthesised: how loud the voice was at each moment, and its last words.

The recording is at 48 kHz. A reply is found in it by correlation with its own sound, so its level can be compared with
what it would have been: a pause between two words is no silence of the assistant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio.chunk import Samples
from audio.phrases import PhraseSplitter
from stream.playout.speech_synthesis import SpeechSynthesis
from tests.browser.made_media import RATE_HZ

BEFORE_S = 1.5  # of the reply before a trial, by which it is found
WINDOW_S, STEP_S = 0.04, 0.01
AUDIBLE = 0.05  # of the loudest window: in quieter ones no level can be compared
DUCKED, SILENT = 0.5, 0.05  # of the level before the trial
FOUND = 0.5  # correlation

Levels = NDArray[np.float64]


async def synthesised(speech: SpeechSynthesis, line: str) -> Samples:
    """The whole reply as the server makes it, at RATE_HZ."""
    splitter = PhraseSplitter()
    phrases = [*splitter.push(line), *splitter.flush()]
    return np.concatenate([(await speech.say(phrase)).samples for phrase in phrases])


def as_heard(voice: Samples, gains: Iterable[tuple[float, float]]) -> Samples:
    """What was heard: the voice with what the page did to it. `gains`: (seconds of the recording, gain from then)."""
    heard = voice.copy()
    since, gain = 0.0, 1.0
    for at, following in [*gains, (len(voice) / RATE_HZ, 1.0)]:
        heard[round(since * RATE_HZ) : round(at * RATE_HZ)] *= np.float32(gain)
        since, gain = at, following
    return heard


@dataclass(frozen=True)
class HeardReply:
    """One trial's reply around its onset: times in seconds from there, and the level there, 1 as before.

    Only moments at which the reply has sound: a change in a pause between words counts from the last sound before it.
    """

    times: Levels
    levels: Levels

    def ducked_s(self) -> float | None:
        """When the voice had become quieter by 6 dB; None if it did not."""
        return self._first(DUCKED, 3)

    def silent_s(self) -> float | None:
        """When nothing was heard any more for 0.3 s and more; None if it did not fall silent."""
        return self._first(SILENT, 8)

    def _first(self, level: float, windows: int) -> float | None:
        after = self.times >= 0
        below = (self.levels < level) & after
        for at in map(int, np.flatnonzero(below)):
            run = below[at : at + windows]
            if len(run) == windows and run.all():
                return max(0.0, float(self.times[max(0, at - 1)]) + STEP_S)
        return None


def heard_around(heard: Samples, reply: Samples, onset_s: float, until_s: float = 2.0) -> HeardReply | None:
    """The levels of `reply` in the recording, from BEFORE_S before the onset to `until_s` after; None if not found."""
    start, onset = round((onset_s - BEFORE_S) * RATE_HZ), round(onset_s * RATE_HZ)
    if start < 0 or len(reply) < onset - start:
        return None
    shift = _found(heard[start:onset], reply)
    if shift is None:
        return None
    length = min(len(reply) - shift, round((BEFORE_S + until_s) * RATE_HZ), len(heard) - start)
    made, played = _levels(reply[shift : shift + length]), _levels(heard[start : start + length])
    times = np.arange(len(made)) * STEP_S + WINDOW_S / 2 - BEFORE_S
    audible = made > AUDIBLE * made.max()
    ratio = played[audible] / made[audible]
    usual = float(np.median(ratio[times[audible] < 0]))
    return HeardReply(times[audible], ratio / usual) if usual > 0 else None


def _found(piece: Samples, reply: Samples) -> int | None:
    """The sample of `reply` at which `piece` begins."""
    size = 1 << (len(piece) + len(reply)).bit_length()
    spectrum = np.fft.rfft(reply, size) * np.conj(np.fft.rfft(piece, size))
    correlation = np.fft.irfft(spectrum, size)[: len(reply) - len(piece) + 1]
    at = int(np.argmax(correlation))
    power = float(np.linalg.norm(piece) * np.linalg.norm(reply[at : at + len(piece)]))
    return at if power > 0 and float(correlation[at]) > FOUND * power else None


def _levels(sound: Samples) -> Levels:
    window, step = round(WINDOW_S * RATE_HZ), round(STEP_S * RATE_HZ)
    power = np.concatenate([[0.0], np.cumsum(sound.astype(np.float64) ** 2)])
    starts = np.arange(0, max(0, len(sound) - window + 1), step)
    levels: Levels = np.sqrt((power[starts + window] - power[starts]) / window)
    return levels


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def last_word(transcript: str, reply: str) -> int:
    """The number of words of `reply` that the transcript of its played part ends with: its nearest beginning, by edit
    distance in words."""
    heard, said = words(transcript), words(reply)
    distances = list(range(len(said) + 1))
    for word in heard:
        row = [distances[0] + 1]
        for number, other in enumerate(said):
            row.append(min(distances[number] + (word != other), distances[number + 1] + 1, row[number] + 1))
        distances = row
    return min(range(len(distances)), key=lambda number: (distances[number], abs(number - len(heard))))


def share_within(errors: Sequence[int], most: int) -> float:
    return sum(abs(error) <= most for error in errors) / len(errors) if errors else float("nan")
