"""What was said, as plain lower-case words: for rules that are independent of how ASR spells.

Handles English spelling and frequent ASR errors, not meaning.
"""

from __future__ import annotations

import re

_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": " ", "”": " ", '"': " ", "…": " "})


def _table(*rows: tuple[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), written) for pattern, written in rows)


_CONTRACTIONS = _table(
    (r"\b(what|where|who|when|how|there|that|it|here|he|she|everything|something)'s\b", r"\1 is"),
    (r"\b(what|where|who|how|that|there)s\b", r"\1 is"),
    (r"\b(what|where|who|how)'?re\b", r"\1 are"),
    (r"\b(what|where|who|how)'d\b", r"\1 did"),
    (r"\bcan'?t\b|\bcannot\b", "can not"),
    (r"\bwon't\b", "will not"),
    (r"\b(is|are|was|were|do|does|did|has|have|had|could|would|should)n'?t\b", r"\1 not"),
    (r"\bi'?m\b", "i am"),
    (r"\b(you|we|they)'re\b", r"\1 are"),
    (r"\byoure\b", "you are"),
    (r"\b(i|you|we|they)'ve\b", r"\1 have"),
    (r"\b(i|you|he|she|we|they|it)'ll\b", r"\1 will"),
    (r"\b(i|you|he|she|we|they)'d\b", r"\1 would"),
    (r"\blet'?s\b", "let us"),
    (r"\bwanna\b", "want to"),
    (r"\bgonna\b", "going to"),
)

# One spelling for words that have two, and corrections of frequent ASR confusions.
_SPELLINGS = _table(
    (r"\bcolour(s|ed)?\b", r"color\1"),
    (r"\bgrey\b", "gray"),
    (r"\bfavourite\b", "favorite"),
    (r"\bcentre\b", "center"),
    (r"\brecognise\b", "recognize"),
    (r"\b(is|are) (?:their|they are)(?= (?:an?|any|some|someone|somebody|anyone|anybody)\b)", r"\1 there"),
    (r"\b(do|can|did) (?:you|u) (?:sea|c)\b", r"\1 you see"),
    (r"\b(?:wear|ware) (is|are|was|were)\b", r"where \1"),
    (r"\b(the|a|this|that) (?:sine|sighn|signe)\b", r"\1 sign"),
    (r"\bany ?(?:won|one)\b", "anyone"),
    (r"\bsome one\b", "someone"),
    (r"\bany body\b", "anybody"),
    (r"^(?:reed|red) (this|that|it)\b", r"read \1"),
    (r"\bt shirt\b", "t-shirt"),
)

_LEAD = re.compile(
    "^(?:"
    "u+m+|u+h+|e+r+m?|h+m+|oh|ah|ok|okay|so|well|hey|hi|hello(?: there)?|and|but|now|then|please|alright|all right"
    "|actually|just|sorry|excuse me|listen|good (?:morning|evening|afternoon)|thanks|thank you|yes|yeah|no|omni"
    "|(?:can|could|would|will) you (?:please )?(?:tell(?: me)?|let me know|check)(?: please)?"
    "|tell me(?: please)?|about(?= what\\b)|let me know|i wonder|i want to know|i would like to know"
    "|i (?:want|need|would like) you to|show me(?= (?:what|where)\\b)"
    "|check(?= (?:if|whether)\\b)"
    "|(?:do|can) you (?:know|see|remember)(?= (?:what|where|how|who|if|whether)\\b)"
    r")\b,? +(?=\S)"
)
_TAIL = re.compile(
    r"[ ](?:please|now|right now|at the moment|currently|at present|then|thanks|thank you"
    r"|for me|(?<!next )(?<!close )to me|exactly|altogether|in total|in all|overall|today|again|omni|okay|ok"
    r"|you know|(?:can|could|do) you tell me|do you think|would you say|would you|will you|could you"
    r"|(?:is|are) not (?:there|it|they))$"
)


def plain(text: str) -> str:
    """Lower-case words and numbers with single spaces: no punctuation, contractions written out, one spelling.

    >>> plain("What's the colour, please?")
    'what is the color please'
    """
    words = re.sub(r"[^\w\s'+*/.%-]", " ", text.lower().translate(_QUOTES))
    words = re.sub(r"[.](?!\d)|(?<!\w)-|-(?!\w)", " ", words)
    for pattern, written_out in _CONTRACTIONS:
        words = pattern.sub(written_out, words)
    words = " ".join(words.replace("'", "").split())
    for pattern, spelling in _SPELLINGS:
        words = pattern.sub(spelling, words)
    return words


def sentences(text: str) -> list[str]:
    """The sentences of a transcript, each as plain words, in order; empty ones left out."""
    return [words for part in re.split(r"[.?!](?=\s|$)|\n", text) if (words := plain(part))]


def core(words: str) -> str:
    """Plain words without the fillers around a question ("um okay", "can you tell me", "please")."""
    while True:
        shorter = _TAIL.sub("", _LEAD.sub("", words))
        if shorter == words:
            return words
        words = shorter
