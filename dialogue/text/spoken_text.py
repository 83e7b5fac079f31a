"""Makes a model's text stream speakable and short: no markup, no lists, an end at a sentence boundary.

Text in, text out. Chunking has no effect: what is released depends only on the text and the token count.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator

# From SOFT_TOKENS on, the next sentence end ends the reply; HARD_TOKENS ends it anywhere. These defaults suit small
# models; chat models get more.
SOFT_TOKENS, HARD_TOKENS = 36, 80
# A reply repeats itself if its last LOOP_TOKENS tokens occur earlier in it.
LOOP_TOKENS = 6

# Between two sentences, where a text is split.
SENTENCE_BREAK = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")

_MARKUP = re.compile(r"[*#`_~|]+")
_SENTENCE_END = re.compile(r"[.!?]+[\"'”’)]*(?=\s|$)|[。！？]+[”」』]*")
_NOT_AN_END = re.compile(r"(?:\b(?:Mr|Mrs|Dr|St|e\.g|i\.e|etc|vs)|(?:^|\s)[A-Z]|(?:^|\s)\d+)\.$")
_STATEMENT_END = re.compile(r"[.!][\"'”’)]*$")
_ITEM, _ITEM_SO_FAR = re.compile(r"^(?:\d+[.)]|[-•])\s+"), re.compile(r"\d+[.)]?|[-•]")
# Labels that models write before riddles and answers; they are not spoken.
_LABELS = ("A:", "Answer:", "Omni:", "Assistant:")
_LABEL = re.compile(rf"^(?:{'|'.join(_LABELS)})\s*")
_CLAUSE_END = re.compile(r"[,;:](?=\s)")


class SpokenText:
    """One reply. `push` takes the model's whole text so far and releases what may be spoken; `done` ends the reply.

    `paragraphs`: it may have several, as a story does; else a line that ends a statement ends it.
    """

    def __init__(
        self, soft_tokens: int = SOFT_TOKENS, hard_tokens: int = HARD_TOKENS, *, paragraphs: bool = False
    ) -> None:
        self._soft, self.most_tokens, self._paragraphs = soft_tokens, hard_tokens, paragraphs
        self.said = ""
        self.done = False

    def push(self, raw: str, tokens: int) -> str:
        """New speakable text after `tokens` tokens; empty while nothing can be released."""
        if self.done:
            return ""
        text, whole = _speakable(raw, paragraphs=self._paragraphs)
        if whole:
            self.done = True
            return self._release(text)
        if tokens < self._soft:
            return self._release(text.rstrip())
        return self._up_to_an_end(text, tokens)

    def finish(self, raw: str) -> str:
        """The model has ended its reply: releases the rest."""
        if self.done:
            return ""
        self.done = True
        return self._release(_speakable(raw, final=True, paragraphs=self._paragraphs)[0].rstrip())

    def _up_to_an_end(self, text: str, tokens: int) -> str:
        """Late in a reply: a new sentence is released only once its end is known."""
        for end in _SENTENCE_END.finditer(text):
            # A full stop at the very end may still become "3.14": it counts once text follows it.
            if end.end() >= len(self.said) and end.end() < len(text) and not _NOT_AN_END.search(text[: end.end()]):
                self.done = True
                return self._release(text[: end.end()])
        if tokens < self.most_tokens:
            return ""
        self.done = True
        if self.said.endswith((".", "!", "?", "。", "！", "？")):
            return ""
        clauses = [end.start() for end in _CLAUSE_END.finditer(text) if end.start() >= len(self.said)]
        return self._release(text[: clauses[-1]] if clauses else text.rstrip()) + self._full_stop()

    def _full_stop(self) -> str:
        self.said += "."
        return "."

    def _release(self, text: str) -> str:
        new = text[len(self.said) :]
        self.said += new
        return new


def _speakable(raw: str, *, final: bool = False, paragraphs: bool = False) -> tuple[str, bool]:
    """The text as one line without markup, and whether it is complete: a line that ends a statement ends the reply.

    Other lines continue into the next: a verse, the question of a riddle, the head of a list.
    """
    text = re.sub(r"^(?:\s|[-•>]\s)+", "", _MARKUP.sub("", raw))
    if not final and any(label.startswith(text) for label in _LABELS):
        return "", False
    lines = [_ITEM.sub("", line.strip()) for line in _LABEL.sub("", text).split("\n")]
    if not final and _ITEM_SO_FAR.fullmatch(lines[-1]):
        lines[-1] = ""  # it may become the number of an item
    said = ""
    for number, line in enumerate(lines):
        said = f"{said} {line}".strip()
        if not paragraphs and number < len(lines) - 1 and _STATEMENT_END.search(said):
            return said, True
    return said, False


def repeats_itself(ids: list[int]) -> bool:
    """Whether the last LOOP_TOKENS tokens occur earlier in the same order."""
    tail = ids[-LOOP_TOKENS:]
    return len(tail) == LOOP_TOKENS and any(ids[at : at + LOOP_TOKENS] == tail for at in range(len(ids) - LOOP_TOKENS))


def spoken_sentences(text: str) -> list[str]:
    """The sentences of an answer, each with the space after it. Text that was read in the room is not split."""
    quote, unquote = text.find("“"), text.rfind("”")
    ends = [end.end() for end in re.finditer(r"[.!?]\s+", text) if not quote <= end.start() < unquote]
    return [text[begin:end] for begin, end in zip([0, *ends], [*ends, len(text)], strict=True)]


async def spoken_one_by_one(text: str) -> AsyncGenerator[str, None]:
    """The sentences of a rule's answer one after the other, so that TTS can begin with the first one."""
    for sentence in spoken_sentences(text):
        yield sentence
