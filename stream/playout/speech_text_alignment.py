"""Which words of a reply a piece of its sound says, for engines that give text and sound side by side.

Text comes ahead of its sound and nobody tells which belongs to which, so the words are dealt out by the length of
the sound at a usual speed of speech. Pure. What it is good for: saying after an interruption what was heard.
"""

from __future__ import annotations

import re

from audio.chunk import Samples
from stream.playout.playback import AudioPiece

LETTERS_PER_S = 15.0  # English, at the pace of the voices we know
WORD = re.compile(r"\S+\s*")


class SpeechTextAlignment:
    """One reply."""

    def __init__(self) -> None:
        self._text = ""  # written and not yet dealt out
        self._owed = 0.0  # letters for which there was sound and no whole word

    def write(self, text: str) -> None:
        self._text += text

    def piece(self, samples: Samples, rate: int) -> AudioPiece:
        """The next stretch of sound with the words said in it; text that is not written yet cannot be among them."""
        letters = self._owed + len(samples) / rate * LETTERS_PER_S
        end = max((word.end() for word in WORD.finditer(self._text) if word.end() <= letters), default=0)
        self._owed = letters - end if end < len(self._text.rstrip()) else 0.0
        return self._cut(end, samples, rate)

    def end(self, samples: Samples, rate: int) -> AudioPiece:
        """The last stretch, with all words that are left."""
        return self._cut(len(self._text), samples, rate)

    def _cut(self, end: int, samples: Samples, rate: int) -> AudioPiece:
        text, self._text = self._text[:end], self._text[end:]
        return spread(text, samples, rate)


def spread(text: str, samples: Samples, rate: int) -> AudioPiece:
    """Words over their sound, each as long as its letters."""
    length_s = len(samples) / rate
    ends = tuple((length_s * word.end() / len(text), word.end()) for word in WORD.finditer(text))
    return AudioPiece(text, samples, ends)
