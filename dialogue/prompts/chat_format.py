"""Converts a conversation to the token ids a chat model reads: renders its template, applies its tokenizer.

The whole conversation is rendered each time and the caller compares the tokens with those in its KV cache, so any
template works. Texts are split before control tokens, where no tokenizer joins anything, and each piece is encoded
once. Text from outside cannot become a control token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from tokenizers import Tokenizer

from dialogue.prompts import thought
from dialogue.prompts.prompt import ChatMessage, clean
from dialogue.prompts.thought import opens_thought, without_thoughts

# Pieces whose tokens are cached: a few times the content of all sessions' contexts.
_CACHED_PIECES = 4096
# Maximum tokens of a tag that is no token of its own.
_LONGEST_TAG = 8
# Marks where the user continues to speak. A private-use character that `clean` text never contains.
_OPEN_END = "\ue0fe"


# (messages, whether to open a reply) -> text.
Render = Callable[[Sequence[ChatMessage], bool], str]


class ChatFormat:
    """Shared by the sessions of a process; thread-safe."""

    def __init__(self, tokenizer: Tokenizer, render: Render) -> None:
        self._tokenizer, self._render = tokenizer, render
        added = tokenizer.get_added_tokens_decoder().values()
        self._added = _any_of(token.content for token in added)
        # Runs of spaces may be added tokens too, but control nothing.
        self._control = _any_of(token.content for token in added if token.special or "<" in token.content)
        # A token that absorbs the space before it would change the piece before the split.
        self._splits = {t.content for t in added if not (t.lstrip or t.single_word or t.normalized)}
        self._thought = tokenizer.token_to_id(thought.OPENED), tokenizer.token_to_id(thought.CLOSED)
        self._ids_of_piece = lru_cache(_CACHED_PIECES)(self._encoded)

    def listening(self, messages: Sequence[ChatMessage], so_far: str = "") -> list[int]:
        """All tokens before the user's next words, and the words so far: the turn is open."""
        text = self._render([*messages, ChatMessage("user", so_far + _OPEN_END)], False)
        return self.encode(text.rpartition(_OPEN_END)[0])

    def replying(self, messages: Sequence[ChatMessage]) -> list[int]:
        """All tokens up to the first word of the reply."""
        return self.encode(self._render(messages, True))

    def encode(self, text: str) -> list[int]:
        """Ids of rendered text, including control tokens."""
        starts = [found.start() for found in self._added.finditer(text) if found[0] in self._splits]
        ids: list[int] = []
        for start, end in pairwise([0, *starts, len(text)]):
            ids += self._ids_of_piece(text[start:end])
        return ids

    def text(self, ids: Sequence[int]) -> str:
        """The text of generated tokens, without control tokens and thoughts; without an incomplete last
        character."""
        begin, end = self._thought
        said, thinking = [], False
        for each in ids:
            if each in (begin, end):
                thinking = each == begin
            elif not thinking:
                said.append(each)
        return without_thoughts(str(self._tokenizer.decode(said, skip_special_tokens=True)).rstrip("\ufffd"))

    def raw_text(self, ids: Sequence[int]) -> str:
        """The text of generated tokens as it is, without an incomplete last character."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True)).rstrip("\ufffd")

    def opens_thought(self, ids: Sequence[int]) -> bool:
        """Whether the model has just opened a thought."""
        if ids[-1] == self._thought[0]:
            return True
        return opens_thought(str(self._tokenizer.decode(list(ids[-_LONGEST_TAG:]))))

    def plain(self, text: str) -> str:
        """Text from outside with every control token in it broken up by a space: the common ones and the model's."""
        text = clean(text).replace(_OPEN_END, " ")
        while self._control.search(text):
            text = self._control.sub(_broken, text)
        return text

    def shortened(self, text: str, most: int) -> str:
        """Plain text cut to about `most` tokens: of a longer one, the beginning and the end."""
        if len(text) <= most:
            return text
        spans = self._tokenizer.encode(text, add_special_tokens=False).offsets
        if len(spans) <= most:
            return text
        half = most // 2
        return f"{text[: spans[half - 2][1]]} ... {text[spans[-half + 2][0] :]}"

    def turn_ends(self) -> frozenset[int]:
        """The control token that follows the assistant's words, if the template has one."""
        said = [ChatMessage("user", "Hello"), ChatMessage("assistant", _OPEN_END), ChatMessage("user", "Hello")]
        after = self._render(said, False).rpartition(_OPEN_END)[2].lstrip()
        found = self._added.match(after)
        token = self._tokenizer.token_to_id(found[0]) if found else None
        return frozenset() if token is None else frozenset({int(token)})

    def _encoded(self, piece: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(piece, add_special_tokens=False).ids)


def _any_of(strings: Iterable[str]) -> re.Pattern[str]:
    """Matches any of these strings, the longest first; single characters are ignored."""
    longest_first = sorted((each for each in strings if len(each) > 1), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")


def _broken(found: re.Match[str]) -> str:
    return f"{found[0][0]} {found[0][1:]}"
