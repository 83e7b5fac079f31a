"""Sound from and to files. Reads whatever FFmpeg reads, the track of a video too; writes 16-bit WAV."""

from __future__ import annotations

import os
import tempfile
import wave
from pathlib import Path

import av
import numpy as np

from audio.chunk import Chunk, Samples
from audio.clean import sound_from

LONGEST_S = 3600.0


def read_sound(path: Path | str, max_s: float = LONGEST_S) -> Chunk:
    """The whole first sound track, mono, at its own rate.

    Raises ValueError, with a sentence for the user, where there is no such file, where it is damaged or has no
    sound, and where the sound is longer than `max_s`: never part of it.
    """
    name = Path(path).name
    if not Path(path).is_file():
        raise ValueError(f"There is no file {name}.")
    try:
        with av.open(str(path)) as container:
            samples, rate = _decode(container, name, max_s)
    except (av.FFmpegError, OSError, EOFError) as error:
        raise ValueError(f"{name} cannot be read as sound: it is damaged, or of a kind we do not know.") from error
    if not len(samples):
        raise ValueError(f"{name} contains no sound.")
    return sound_from(samples, rate)


def _decode(container: av.container.InputContainer, name: str, max_s: float) -> tuple[Samples, int]:
    if not container.streams.audio:
        raise ValueError(f"{name} has no sound track.")
    track = container.streams.audio[0]
    rate = int(track.rate or 0)
    to_floats = av.AudioResampler("fltp")  # its own mix to mono is 3 dB too loud, and would clip
    pieces: list[Samples] = []
    count = 0
    for frame in container.decode(track):
        rate = rate or frame.sample_rate
        for floats in to_floats.resample(frame):
            pieces.append(floats.to_ndarray().mean(axis=0))
            count += len(pieces[-1])
        if count > max_s * rate:
            raise ValueError(f"{name} is longer than the {max_s:.0f} seconds we take: cut it first.")
    return (np.concatenate(pieces) if pieces else np.zeros(0, np.float32)), rate


def write_wav(path: Path | str, samples: Samples, rate: int) -> None:
    """16-bit mono. The file is there whole or not at all, and replaces one of that name. Raises OSError."""
    target = Path(path)
    pcm = (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
    handle, unfinished = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file, wave.open(file, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(rate)
            wav.writeframes(pcm)
        Path(unfinished).chmod(0o644)  # mkstemp's own mode keeps it from everybody else
        os.replace(unfinished, target)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
