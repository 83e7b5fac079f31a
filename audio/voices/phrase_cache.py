"""Keeps the sound of short phrases that were spoken lately, since they repeat."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from audio.voice_timing import SpokenPhrase

CACHED_PHRASES = 64
CACHED_CHARACTERS = 80  # longer phrases rarely repeat; a full cache of these takes about 35 MB


class PhraseCache:
    """The phrases of one voice, made by `make`; the least recently used one goes. One call at a time."""

    def __init__(self, make: Callable[[str], SpokenPhrase]) -> None:
        self._make = make
        self._kept: OrderedDict[str, SpokenPhrase] = OrderedDict()

    def spoken(self, phrase: str) -> SpokenPhrase:
        """The phrase as read-only sound."""
        if phrase in self._kept:
            self._kept.move_to_end(phrase)
            return self._kept[phrase]
        spoken = self._make(phrase)
        spoken.samples.flags.writeable = False
        if len(phrase) <= CACHED_CHARACTERS:
            self._kept[phrase] = spoken
            if len(self._kept) > CACHED_PHRASES:
                self._kept.popitem(last=False)
        return spoken
