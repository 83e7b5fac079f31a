"""Which of the words that support a reply are of the kind that the question asks for. Pure.

That a thing stands on the left and is red answers neither what it is called nor who owns it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from dialogue.text.labels import labels_in
from dialogue.text.word_stems import is_in

COLOURS = frozenset(
    (
        *("red", "green", "blue", "yellow", "orange", "black", "white", "gray", "brown", "pink", "purple"),
        *("turquoise", "beige", "golden", "silver", "cyan", "violet"),
    )
)
PLACES = frozenset({"left", "right", "middle"})

# "Is it red or blue?" says neither.
OPTIONS = re.compile(r"([\w-]+) or (?:(?:a|an|the|by|in|on|at|to|with|for) )*([\w-]+)")

_WHERE = re.compile(r"\b(?:where\w*|side|left|right|middle|which one|who|describe|what (?:do|can) you see)\b")
_COLOURED = re.compile(
    r"\bcolou?r\w*|\bpaint\w*|\bwear\w*|\bwore\b|\bdress\w*|\blooks?\b|\bones?\b|\bdescribe\b|\bwhich\b"
    rf"|\bwhat (?:do|can) you see\b|\b(?:{'|'.join(sorted(COLOURS))})\b"
)
_WHO = re.compile(r"(?:and |so )?who(?:se|m)?\b")
# What is in view is so now.
_OTHER_TIME = re.compile(
    r"\b(?:later|soon|tomorrow|yesterday|usually|normally|will|going to|every (?:day|week)"
    r"|(?:last|next) (?:year|month|week|time))\b"
)
# "Which of them is nearer?" is no question of which one there is.
_COMPARED = re.compile(
    r"\b(?:is|are|was|were|be|looks?|seems?) (?:it |there )?(?:the )?"
    r"((?!other|either|neither|over|after|under)\w+er|better|worse)\b"
)
_WHICH_ONE = frozenset({"picture", "photo", "first", "second", "third", "last", "1", "2", "3"})


def of_asked_kind(evidence: Sequence[str], question: str, read: Collection[str], unseen: Collection[str]) -> list[str]:
    """Those of the words in a reply that stand in the entries and can answer the question. `read` are the words of
    texts in view, `unseen` those of the question that no entry has."""
    if not _WHERE.search(question):
        evidence = [word for word in evidence if word not in PLACES]
    if not _COLOURED.search(question):
        evidence = [word for word in evidence if word not in COLOURS or word in read]
    compared = _COMPARED.search(question)
    if compared is not None and compared[1] in unseen:
        evidence = [word for word in evidence if word not in _WHICH_ONE]
    if any(is_in(word, read) for word in evidence):
        return list(evidence)
    if _OTHER_TIME.search(question):
        return []
    if _WHO.match(question) and (unseen or "person" not in labels_in(" ".join(evidence))):
        return []  # a person in view may be who is meant, and does what is seen
    return list(evidence)
