"""Stage: phrases -> sound, for an engine that cannot speak. Knows nothing of turns."""

from __future__ import annotations

import re

from audio.resample import resample_whole
from audio.speakable import speakable
from audio.voice import Voice
from stream.device_thread import DeviceThread
from stream.playback import Piece

WORD = re.compile(r"\S+")


class Speaking:
    """The mouth of one session: says phrases at `out_rate`, on the voice's thread."""

    def __init__(self, voice: Voice, thread: DeviceThread, out_rate: int) -> None:
        self._voice, self._thread, self._out_rate = voice, thread, out_rate

    async def say(self, phrase: str) -> Piece:
        """The phrase as sound; without any where nothing in it can be said."""
        return await self._thread.run(self._make, phrase)

    def _make(self, phrase: str) -> Piece:
        spoken = self._voice.spoken(speakable(phrase))
        samples = resample_whole(spoken.samples, self._voice.rate, self._out_rate)
        return Piece(phrase, samples, _word_ends(phrase, [word.end_s for word in spoken.words]))


def _word_ends(phrase: str, spoken_ends_s: list[float]) -> tuple[tuple[float, int], ...]:
    """(seconds, characters of `phrase` said by then).

    What is spoken may have other words than what is written ("8 PM"): then each written word is taken to end
    with the spoken word at the same share of the phrase.
    """
    written = [match.end() for match in WORD.finditer(phrase)]
    if not written or not spoken_ends_s:
        return ()
    last = len(spoken_ends_s) - 1
    return tuple(
        (spoken_ends_s[min(last, -(-(place + 1) * len(spoken_ends_s) // len(written)) - 1)], end)
        for place, end in enumerate(written)
    )
