"""Recognises our own sentence in a transcript: what the microphone caught of the loudspeaker is not the user."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from stream.playout.playback import Playback
from stream.playout.played_sound import PlayedSound

WORD = re.compile(r"[\w']+")
FEWEST_WORDS = 3  # fewer may be the user's, who uses our words
SAME = 0.7  # share of the transcript's words that are ours, in our order
ECHO_S = 1.0  # from our last sound to the end of its echo


class OwnWords:
    """What one session said lately."""

    def __init__(self, playback: Playback, played: PlayedSound) -> None:
        self._playback, self._played = playback, played

    def has(self, transcript: str, began_at: float) -> bool:
        """Whether speech that began then, on the session clock, was our own voice."""
        return began_at < self._played.sounded_until + ECHO_S and repeats(transcript, self._playback.said_lately())


def repeats(transcript: str, said: str) -> bool:
    """Whether `transcript` is a part of what we `said`, as ASR hears it through a room."""
    heard, ours = WORD.findall(transcript.lower()), WORD.findall(said.lower())
    if len(heard) < FEWEST_WORDS:
        return False
    matched = sum(block.size for block in SequenceMatcher(None, heard, ours, autojunk=False).get_matching_blocks())
    return matched >= SAME * len(heard)
