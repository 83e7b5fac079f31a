"""Words by which a listener says "I am listening" and not "let me speak" (backchannels), and laughter."""

from __future__ import annotations

import re

_SOUNDS = ("mm", "mmm", "mhm", "mmhm", "hm", "hmm", "hmmm", "uh", "huh", "uhhuh", "aha", "ah", "oh", "ooh")
_LAUGHTER = ("ha", "haha", "hahaha", "heh", "hehe")
_ASSENT = ("yeah", "yep", "yup", "yes", "ya", "right", "okay", "ok", "sure", "true", "exactly", "indeed", "absolutely")
_PRAISE = ("wow", "nice", "great", "good", "cool", "really", "real", "cheers", "alright")
_WORDS = frozenset((*_SOUNDS, *_LAUGHTER, *_ASSENT, *_PRAISE))
_PHRASES = re.compile(r"\b(?:i see|of course|got it|i know|all right|that's right|go on|makes sense)\b")
# How ASR writes a hum: "M-M-H", "MME.", and often "Amen".
_HUM = re.compile(r"[mh]{2,}[ea]?|(?:[mh]{1,2}[-. ])+[mhea]?|amen")
_NOT_SAID = re.compile(r"[\[(*][^\])*]*[\])*]")  # "[laughs]", "(coughing)": what ASR writes for sounds
_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)*")
MOST_WORDS = 4
# How people begin who want the floor. ASR hears none of these in a hum.
_BEGINNING = re.compile(
    r"\W*(?:stop|wait|no|hold on|sorry|excuse me|please|hey|listen|quiet|enough|hang on|one moment|never ?mind|can you"
    r"|could you|what)\b",
    re.IGNORECASE,
)


def is_backchannel(text: str) -> bool:
    """Whether `text` has backchannels alone, or no words at all."""
    if _HUM.fullmatch(text.lower().strip(" .!?")):
        return True
    words = _WORD.findall(_PHRASES.sub("yes", _NOT_SAID.sub(" ", text.lower())).replace("-", " "))
    return len(words) <= MOST_WORDS and all(word in _WORDS for word in words)


def begins_an_interruption(text: str) -> bool:
    """Whether `text` begins as somebody begins who wants to speak."""
    return _BEGINNING.match(text) is not None
