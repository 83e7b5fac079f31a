"""The words of a question by which a document is searched. Pure."""

from __future__ import annotations

import re

from dialogue.text.plain_words import core, plain

# Words that a question needs and its answer does not. Nouns such as "bill" stay: documents are about them.
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "a an the my our your his her its their this that these those i me you we us he him she it they them what when "
        "where who whom whose which why how is are was were be been being am do does did has have had can could would "
        "should will shall may might must to of in on at by for from with about into than then as and or but if "
        "whether not no any some there here say says said tell me please according many much long often get got go "
        "document documents file files library text passage mention mentioned mentions stand stands written find look "
        "know per give given up out so also only just s t",
    )
)
MOST_WORDS = 24


def question_words(question: str) -> list[str]:
    """The words in plain spelling, each once, in order; at most MOST_WORDS."""
    words = re.findall(r"[^\W_]+", core(plain(question)))
    return list(dict.fromkeys(word for word in words if word not in _EMPTY))[:MOST_WORDS]
