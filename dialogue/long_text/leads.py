"""Where to look next in a text: the words that what was found adds to a question. Pure.

"To which town has the owner of the violin gone?" finds "The violin belongs to Jonas Lund."; that leads to "Jonas Lund".
"""

from __future__ import annotations

from collections.abc import Sequence

from dialogue.library.cutting import sentences_of
from dialogue.library.question_words import question_words
from dialogue.library.quotes import Quote, has_word

MOST_LEADS = 2  # quotes that are followed
MOST_NEW_WORDS = 8  # of a sentence; names are taken before other words


def leads(question: str, quotes: Sequence[Quote]) -> list[str]:
    """A text to search for, for each of the first quotes that has words of the question; the best first."""
    return [text for quote in quotes[:MOST_LEADS] if (text := _lead(question_words(question), quote.text))]


def _lead(asked: Sequence[str], text: str) -> str:
    """The new words of the sentence with most of the question's words, and the question's words that it lacks."""
    sentences = [sentence for sentence in sentences_of(text) if sentence]
    has = [sum(has_word(word, sentence) for word in asked) for sentence in sentences]
    if not any(has):
        return ""
    sentence = sentences[has.index(max(has))]
    new = [word for word in question_words(" ".join(sentence)) if not has_word(word, asked)]
    names = {word.strip(".,;:!?“”\"'()").lower() for word in sentence[1:] if word[:1].isupper() or word[:1].isdigit()}
    new.sort(key=lambda word: word not in names)
    lacking = [word for word in asked if not has_word(word, sentence)]
    return " ".join([*new[:MOST_NEW_WORDS], *lacking]) if new else ""
