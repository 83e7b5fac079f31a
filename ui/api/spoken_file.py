"""Speech on its way into a WAV file: pieces as they are made, the whole file at the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from audio.chunk import Samples
from audio.resample import resample_whole
from audio.sound_file import write_wav
from dialogue.errors import BadInput


class SpokenFile:
    """Raises BadInput at once where there is no folder for it."""

    def __init__(self, path: Path) -> None:
        if not path.absolute().parent.is_dir():
            raise BadInput(f"there is no folder {path.parent} to write {path.name} into")
        self._path = path
        self._pieces: list[Samples] = []
        self._rate = 0

    def add(self, samples: Samples, rate: int) -> None:
        """The next piece; the first one's rate is the file's."""
        self._rate = self._rate or rate
        self._pieces.append(resample_whole(samples, rate, self._rate))

    def write(self) -> None:
        """The file is there whole or not at all. Raises BadInput where it cannot be written; nothing said, no file."""
        if not self._pieces:
            return
        try:
            write_wav(self._path, np.concatenate(self._pieces), self._rate)
        except OSError as error:
            raise BadInput(f"{self._path} cannot be written: {error.strerror}") from error
