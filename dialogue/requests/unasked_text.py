"""Keeps a reply from saying what a text in the room wants said, where the user asked for something else.

A model may obey a sign although its instruction forbids that: it adds a sentence to its answer, or says a word in place
of it. Such a sentence uses words of the text that the question does not hold. If the model can answer without the text,
the question was not about it, and that answer counts. A first sentence with words of its own is an answer and stays.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing

from dialogue.text.spoken_text import SENTENCE_BREAK

# Shorter words are in every text. Scripts without spaces are compared by whole runs of characters.
_WORD = re.compile(r"[a-z]{4,}|[^\W\d_a-z]{2,}")


def unasked_words(texts: Iterable[str], asked: str) -> frozenset[str]:
    """The words of the texts that the question does not hold, in lower case."""
    return frozenset(_words(" ".join(texts)) - _words(asked))


async def without_unasked(
    reply: AsyncGenerator[str, None], unasked: frozenset[str], again: Callable[[], Awaitable[str | None]]
) -> AsyncGenerator[str, None]:
    """The reply, whole word by whole word, up to a suspicious sentence; from there on as `again` has it.

    `again` writes the reply without the texts in view; it returns None where the model has no answer then.
    """
    said = held = ""
    async with aclosing(reply):
        async for text in reply:
            held += text
            if _obeys(said + held, unasked):
                break
            if not _is_only(said + held, unasked) and (whole := held.rfind(" ") + 1):
                yield held[:whole]
                said, held = said + held[:whole], held[whole:]
        if held and (_obeys(said + held, unasked) or _is_only(said + held, unasked)):
            held += "".join([piece async for piece in reply])
            other = await again()
            if other is not None:
                held = other[len(said) :] if other.startswith(said) else ""
    if held:
        yield held


def _obeys(reply: str, unasked: frozenset[str]) -> bool:
    """Whether a sentence after the first uses unasked words, or the first has no others."""
    first, *later = SENTENCE_BREAK.split(reply)
    return bool(unasked & _words(" ".join(later))) or (bool(later) and _is_only(first, unasked))


def _is_only(sentence: str, unasked: frozenset[str]) -> bool:
    return bool(words := _words(sentence)) and words <= unasked


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))
