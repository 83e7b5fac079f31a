"""Makes the sounds of a room: the echo of a loudspeaker, background noise, and noises that are not words.

Everything is float32 at 16 kHz and the same for the same seed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.loudness import level_dbfs
from audio.resample import resample_whole
from tests.browser.made_media import RATE_HZ, spoken

ROOM_S = 0.15  # length of the room's impulse response
DIRECT_S = 0.03  # the time in which it falls to a third
JUMP_EVERY_S = 7.0
MUSIC_HZ = (196.0, 246.9, 293.7, 392.0, 493.9)


def said(text: str, voice: str = "en-gb", words_per_minute: int = 140) -> Samples:
    """`text` in a voice other than the assistant's, with speech at about -23 dBFS."""
    sound = spoken(text, voice, words_per_minute).astype(np.float32) / np.float32(32768)
    samples = resample_whole(sound, RATE_HZ, HEARING_RATE_HZ)
    return at_level(samples, -23.0)


def at_level(samples: Samples, dbfs: float) -> Samples:
    """The sound, amplified to this level over the parts that are not silent."""
    loud = samples[np.abs(samples) > 1e-3 * max(1e-9, float(np.abs(samples).max()))]
    return (samples * 10 ** ((dbfs - level_dbfs(loud)) / 20)).astype(np.float32)


def seconds(length_s: float) -> int:
    return round(length_s * HEARING_RATE_HZ)


class EchoPath:
    """From the loudspeaker to the microphone: room, delay, level, distortion, and a sound card that runs too fast.

    `gain_db`: the echo's level against the sent sound. `drift_ppm`: how much faster the far end's clock runs. There is
    no echo before `begins_s`: headphones are taken off. Every JUMP_EVERY_S the delay becomes longer by `jumps_s`, or
    shorter again, as a jitter buffer does.
    """

    def __init__(
        self,
        *,
        gain_db: float,
        delay_s: float,
        distortion: float = 0.0,
        drift_ppm: float = 0.0,
        begins_s: float = 0.0,
        jumps_s: float = 0.0,
        seed: int = 0,
    ) -> None:
        taps = np.random.default_rng(seed).standard_normal(seconds(ROOM_S))
        taps *= np.exp(-np.arange(len(taps)) / seconds(DIRECT_S))
        taps[0] = 2.0  # the direct way
        self._taps = taps / np.linalg.norm(taps) * 10 ** (gain_db / 20)
        self._delay, self._distortion, self._drift = delay_s, distortion, drift_ppm * 1e-6
        self._begins, self._jumps_s = seconds(begins_s), jumps_s
        self._sent = np.zeros(seconds(1.0 + ROOM_S), np.float64)  # the last second and more
        self._end = 0

    def hear(self, sent: Samples) -> Samples:
        """The echo while `sent` goes out."""
        out = sent.astype(np.float64)
        if self._distortion:  # a small loudspeaker: a soft limit, and an uneven one
            out = np.tanh((1 + 4 * self._distortion) * out) / (1 + 4 * self._distortion) + self._distortion * out**2
        sent_so_far = np.concatenate([self._sent, out])
        self._sent = sent_so_far[len(sent) :]
        self._end += len(sent)
        if self._end < self._begins:
            return np.zeros(len(sent), np.float32)
        longer_s = self._jumps_s if self._end // seconds(JUMP_EVERY_S) % 2 else 0.0
        delay = (self._delay + longer_s) * HEARING_RATE_HZ + self._drift * self._end
        whole, part = int(delay), delay - int(delay)
        first = len(self._sent) - whole - len(self._taps)
        piece = sent_so_far[first : first + len(sent) + len(self._taps)]
        moved = (1 - part) * piece[1:] + part * piece[:-1]
        echo: Samples = np.convolve(moved, self._taps, "valid").astype(np.float32)
        return echo


def pink_noise(length_s: float, seed: int = 0) -> Samples:
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(seconds(length_s)))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    return at_level(np.fft.irfft(spectrum, seconds(length_s)).astype(np.float32), -30.0)


def babble(sentences: Sequence[str], voices: Sequence[str], length_s: float, seed: int = 0) -> Samples:
    """All voices at once, each saying the sentences in an order of its own without pause."""
    chance = np.random.default_rng(seed)
    total = np.zeros(seconds(length_s), np.float32)
    for voice in voices:
        total += television(sentences, voice, length_s, seed=int(chance.integers(1 << 30)))
    return at_level(total, -30.0)


def television(sentences: Sequence[str], voice: str, length_s: float, seed: int = 0, pause_s: float = 0.3) -> Samples:
    """One voice that goes on."""
    chance = np.random.default_rng(seed)
    spoken_once = [said(sentence, voice, 160) for sentence in sentences]
    pieces: list[Samples] = []
    while sum(map(len, pieces)) < seconds(length_s):
        pieces += [spoken_once[int(chance.integers(len(spoken_once)))], np.zeros(seconds(pause_s), np.float32)]
    return at_level(np.concatenate(pieces)[: seconds(length_s)], -30.0)


def music(length_s: float, seed: int = 0) -> Samples:
    """Plucked chords over a beat."""
    chance = np.random.default_rng(seed)
    total = np.zeros(seconds(length_s) + seconds(2.0), np.float32)
    for beat in range(int(length_s / 0.5)):
        at = seconds(beat * 0.5)
        fade = np.exp(-np.arange(seconds(1.2)) / seconds(0.4))
        time = np.arange(seconds(1.2)) / HEARING_RATE_HZ
        for pitch in chance.choice(MUSIC_HZ, 2, replace=False):
            tone = sum(np.sin(2 * np.pi * pitch * harmonic * time) / harmonic for harmonic in range(1, 6))
            total[at : at + len(time)] += (fade * tone).astype(np.float32)
        drum = chance.standard_normal(seconds(0.05)) * np.linspace(3, 0, seconds(0.05))
        total[at : at + len(drum)] += drum.astype(np.float32)
    return at_level(total[: seconds(length_s)], -30.0)


def blip(length_s: float = 0.06, pitch_hz: float = 800.0) -> Samples:
    """A short tone, as of a device."""
    time = np.arange(seconds(length_s)) / HEARING_RATE_HZ
    return (0.2 * np.sin(2 * np.pi * pitch_hz * time) * np.hanning(len(time))).astype(np.float32)


def clipped_vowel(length_s: float = 0.06, voice: str = "en-gb") -> Samples:
    """A scrap of a voice, too short to be a word."""
    word = said("ah", voice)
    middle = len(word) // 2
    piece = word[middle - seconds(length_s / 2) : middle + seconds(length_s / 2)]
    return (piece * np.hanning(len(piece))).astype(np.float32)


def cough(seed: int = 0) -> Samples:
    """Two bursts of breath through a throat: noise with two resonances, a sharp onset and a slow end."""
    chance = np.random.default_rng(seed)
    bursts = []
    for length_s in (0.16, 0.22):
        breath = chance.standard_normal(seconds(length_s))
        envelope = np.minimum(np.arange(len(breath)) / seconds(0.01), 1) * np.exp(
            -np.arange(len(breath)) / seconds(0.07)
        )
        bursts += [_resonant(breath * envelope, (650.0, 1500.0)), np.zeros(seconds(0.06))]
    return at_level(np.concatenate(bursts).astype(np.float32), -20.0)


def door(seed: int = 0) -> Samples:
    """A thump, low and short, and a rattle after it."""
    chance = np.random.default_rng(seed)
    thump = _resonant(chance.standard_normal(seconds(0.3)) * np.exp(-np.arange(seconds(0.3)) / seconds(0.05)), (90.0,))
    rattle = 0.2 * chance.standard_normal(seconds(0.3)) * np.exp(-np.arange(seconds(0.3)) / seconds(0.02))
    return at_level((thump / np.abs(thump).max() + rattle).astype(np.float32), -18.0)


def _resonant(samples: np.ndarray, frequencies_hz: Sequence[float], width_hz: float = 200.0) -> np.ndarray:
    spectrum = np.fft.rfft(samples)
    at = np.fft.rfftfreq(len(samples), 1 / HEARING_RATE_HZ)
    gain = sum(1 / (1 + ((at - frequency) / width_hz) ** 2) for frequency in frequencies_hz)
    shaped: np.ndarray = np.fft.irfft(spectrum * (gain + 0.02), len(samples))
    return shaped


def placed(length_s: float, *pieces: tuple[float, Samples]) -> Samples:
    """Silence of that length with sounds that begin at the given seconds."""
    total = np.zeros(seconds(length_s), np.float32)
    for at, samples in pieces:
        start = seconds(at)
        total[start : start + len(samples)] += samples[: len(total) - start]
    return total
