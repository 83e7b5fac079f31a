"""Reads audio from any file that FFmpeg can decode, including the sound track of a video; writes 16-bit WAV.

FFmpeg can be crashed by files that are made for it: `stream.media` runs this in a process of its own.
"""

from __future__ import annotations

import io
import os
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np

from audio.chunk import Chunk, Samples
from audio.clean import sound_from
from audio.growing_sound import GrowingSound
from audio.resample import Resampler

MAX_DURATION_S = 3600.0
MAX_SAMPLES = 60_000_000  # of a whole recording: 240 MB
MAX_FRAME_SAMPLES = 1_000_000  # of one decoded frame, all channels together; codecs use a few thousand
FILE_ONLY = {"protocol_whitelist": "none"}  # playlists and the like open no other file and no address


def read_sound(path: Path | str, max_s: float = MAX_DURATION_S) -> Chunk:
    """The whole first sound track, mono, at its own rate.

    Raises ValueError, with a sentence for the user, if the file does not exist, is damaged, has no sound, or is
    longer than `max_s` or MAX_SAMPLES; a part of it is never returned.
    """
    whole, rate = GrowingSound(), 0
    for piece in sound_pieces(path, None, max_s):
        whole.add(piece.samples)
        rate = piece.rate
        if len(whole) > MAX_SAMPLES:
            raise ValueError(
                f"{Path(path).name} has more than {MAX_SAMPLES // 1_000_000} million samples: cut it first."
            )
    return Chunk(whole.whole(), rate, 0)


def sound_pieces(path: Path | str, rate: int | None, max_s: float = MAX_DURATION_S) -> Iterator[Chunk]:
    """Yields the first sound track piece by piece, mono, at `rate` Hz, or at its own rate.

    Raises ValueError as `read_sound` does, for damage at the latest at the damaged place.
    """
    name = Path(path).name
    if not Path(path).is_file():
        raise ValueError(f"There is no file {name}.")
    try:
        with Path(path).open("rb") as file, av.open(file, options=FILE_ONLY) as container:
            yield from _decoded(container, name, rate, max_s)
    except MemoryError as error:
        raise ValueError(f"{name} needs too much memory to decode: save it as WAV, MP3 or FLAC.") from error
    except (av.FFmpegError, OSError, EOFError) as error:
        raise ValueError(f"{name} cannot be read as sound: it is damaged, or its format is not supported.") from error


def _decoded(container: av.container.InputContainer, name: str, rate: int | None, max_s: float) -> Iterator[Chunk]:
    if not container.streams.audio:
        raise ValueError(f"{name} has no sound track.")
    track = container.streams.audio[0]
    track.codec_context.options = {"max_samples": str(MAX_FRAME_SAMPLES)}
    track.thread_type = "NONE"
    # FFmpeg's mix to mono is 3 dB too loud, and would clip. Interleaved, because PyAV 18 crashes on eight planes.
    to_floats = av.AudioResampler("flt")
    own, count, resampler = int(track.rate or 0), 0, None
    for frame in container.decode(track):
        own = own or frame.sample_rate
        for floats in to_floats.resample(frame):
            interleaved = floats.to_ndarray().reshape(-1, floats.layout.nb_channels)
            heard = sound_from(interleaved.mean(axis=1), own, count)
            count = heard.end
            if count > max_s * own:
                raise ValueError(f"{name} is longer than the limit of {max_s:.0f} seconds: cut it first.")
            if rate is None:
                yield heard
                continue
            resampler = resampler or Resampler(own, rate)
            yield Chunk(resampler.push(heard.samples), rate, 0)
    if not count:
        raise ValueError(f"{name} contains no sound.")
    if resampler is not None and rate is not None:
        yield Chunk(resampler.flush(), rate, 0)


def write_wav(path: Path | str, samples: Samples, rate: int) -> None:
    """Writes 16-bit mono, replacing an existing file. A failure leaves no partial file. Raises OSError."""
    target = Path(path)
    handle, unfinished = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            _write(file, samples, rate)
        Path(unfinished).chmod(0o644)  # mkstemp makes files that only their owner can read
        os.replace(unfinished, target)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def wav_of(samples: Samples, rate: int) -> bytes:
    """A file as `write_wav` writes it."""
    file = io.BytesIO()
    _write(file, samples, rate)
    return file.getvalue()


def _write(file: BinaryIO, samples: Samples, rate: int) -> None:
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes((np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())
