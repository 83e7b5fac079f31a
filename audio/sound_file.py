"""Reads audio from any file that FFmpeg can decode, including the sound track of a video; writes 16-bit WAV."""

from __future__ import annotations

import os
import tempfile
import wave
from pathlib import Path

import av
import numpy as np

from audio.chunk import Chunk, Samples
from audio.clean import sound_from

MAX_DURATION_S = 3600.0


def read_sound(path: Path | str, max_s: float = MAX_DURATION_S) -> Chunk:
    """The whole first sound track, mono, at its own rate.

    Raises ValueError, with a sentence for the user, if the file does not exist, is damaged, has no sound, or is
    longer than `max_s`; a part of it is never returned.
    """
    name = Path(path).name
    if not Path(path).is_file():
        raise ValueError(f"There is no file {name}.")
    try:
        with av.open(str(path)) as container:
            samples, rate = _decode(container, name, max_s)
    except (av.FFmpegError, OSError, EOFError) as error:
        raise ValueError(f"{name} cannot be read as sound: it is damaged, or its format is not supported.") from error
    if not len(samples):
        raise ValueError(f"{name} contains no sound.")
    return sound_from(samples, rate)


def _decode(container: av.container.InputContainer, name: str, max_s: float) -> tuple[Samples, int]:
    if not container.streams.audio:
        raise ValueError(f"{name} has no sound track.")
    track = container.streams.audio[0]
    rate = int(track.rate or 0)
    to_floats = av.AudioResampler("fltp")  # FFmpeg's mix to mono is 3 dB too loud, and would clip
    pieces: list[Samples] = []
    count = 0
    for frame in container.decode(track):
        rate = rate or frame.sample_rate
        for floats in to_floats.resample(frame):
            pieces.append(floats.to_ndarray().mean(axis=0))
            count += len(pieces[-1])
        if count > max_s * rate:
            raise ValueError(f"{name} is longer than the limit of {max_s:.0f} seconds: cut it first.")
    return (np.concatenate(pieces) if pieces else np.zeros(0, np.float32)), rate


def write_wav(path: Path | str, samples: Samples, rate: int) -> None:
    """Writes 16-bit mono, replacing an existing file. A failure leaves no partial file. Raises OSError."""
    target = Path(path)
    pcm = (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
    handle, unfinished = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file, wave.open(file, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(rate)
            wav.writeframes(pcm)
        Path(unfinished).chmod(0o644)  # mkstemp makes files that only their owner can read
        os.replace(unfinished, target)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
