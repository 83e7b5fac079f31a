"""Collects speech in pieces and writes it to a WAV file at the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from audio.chunk import Samples
from audio.resample import resample_whole
from audio.sound_file import write_wav
from dialogue.errors import BadInput


class SpeechFile:
    """One WAV file. Raises BadInput when it is made and the folder does not exist."""

    def __init__(self, path: Path) -> None:
        if not path.absolute().parent.is_dir():
            raise BadInput(f"There is no folder {path.parent} for {path.name}.")
        self._path = path
        self._pieces: list[Samples] = []
        self._rate = 0

    def add(self, samples: Samples, rate: int) -> None:
        """Adds a piece, float32 (n,) at `rate` Hz; the file has the rate of the first one."""
        self._rate = self._rate or rate
        self._pieces.append(resample_whole(samples, rate, self._rate))

    def write(self) -> None:
        """Writes the whole file, or none at all; without a piece, none. Raises BadInput when it cannot be written."""
        if not self._pieces:
            return
        try:
            write_wav(self._path, np.concatenate(self._pieces), self._rate)
        except OSError as error:
            raise BadInput(f"{self._path} cannot be written: {error.strerror}.") from error
