"""Estimates which words of a reply a piece of its sound says, for engines that produce text and sound side by side.

Text comes ahead of its sound without alignment, so words are assigned by the duration of the sound at an average
speaking rate. After an interruption the result shows which words were heard. Pure.
"""

from __future__ import annotations

import re

from audio.chunk import Samples
from stream.playout.playback import AudioPiece

CHARACTERS_PER_S = 15.0  # English, the measured rate of the supported voices
WORD = re.compile(r"\S+\s*")


class SpeechTextAlignment:
    """Aligns one reply."""

    def __init__(self) -> None:
        self._text = ""  # written and not yet assigned to sound
        self._unused = 0.0  # characters for which there was sound but no whole word

    def write(self, text: str) -> None:
        self._text += text

    def piece(self, samples: Samples, rate: int) -> AudioPiece:
        """The next piece of sound with the words said in it, out of the text written so far."""
        characters = self._unused + len(samples) / rate * CHARACTERS_PER_S
        end = max((word.end() for word in WORD.finditer(self._text) if word.end() <= characters), default=0)
        self._unused = characters - end if end < len(self._text.rstrip()) else 0.0
        return self._cut(end, samples, rate)

    def end(self, samples: Samples, rate: int) -> AudioPiece:
        """The last piece, with all remaining words."""
        return self._cut(len(self._text), samples, rate)

    def _cut(self, end: int, samples: Samples, rate: int) -> AudioPiece:
        text, self._text = self._text[:end], self._text[end:]
        return spread(text, samples, rate)


def spread(text: str, samples: Samples, rate: int) -> AudioPiece:
    """Spreads words over their sound in proportion to their length in characters."""
    length_s = len(samples) / rate
    ends = tuple((length_s * word.end() / len(text), word.end()) for word in WORD.finditer(text))
    return AudioPiece(text, samples, ends)
