"""Words by which a listener says "I am listening" and not "let me speak" (backchannels), and laughter."""

from __future__ import annotations

import re

_WORDS = frozenset(
    "yeah yep yup yes ya right okay ok mm mmm mhm mmhm hm hmm hmmm uh huh uhhuh aha ah oh ooh sure true exactly wow nice "
    "great good cool really indeed absolutely alright ha haha hahaha heh hehe".split()
)
_PHRASES = re.compile(r"\b(?:i see|of course|got it|i know|all right|that's right|go on|makes sense)\b")
_NOT_SAID = re.compile(r"[\[(*][^\])*]*[\])*]")  # "[laughs]", "(coughing)": what ASR writes for sounds
_WORD = re.compile(r"[a-z']+")
MOST_WORDS = 4


def is_backchannel(text: str) -> bool:
    """Whether `text` has backchannels alone, or no words at all."""
    words = _WORD.findall(_PHRASES.sub("yes", _NOT_SAID.sub(" ", text.lower())).replace("-", " "))
    return len(words) <= MOST_WORDS and all(word in _WORDS for word in words)
