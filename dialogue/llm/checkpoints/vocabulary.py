"""Converts text to token ids and back. Special tokens are found by their strings, as ids differ between releases."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from tokenizers import Tokenizer

from dialogue.errors import BadInput

UNKNOWN = "<unk>"


class Vocabulary:
    """The tokenizer of a checkpoint, shared by all sessions."""

    def __init__(self, file: Path) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # the tokenizers library raises bare Exception
            raise BadInput(f"{file} cannot be read as a tokenizer ({error}); download it again.") from error
        self.added = {token.content: number for number, token in self._tokenizer.get_added_tokens_decoder().items()}
        self.special = {number for number, token in self._tokenizer.get_added_tokens_decoder().items() if token.special}
        self._added_strings = re.compile("|".join(map(re.escape, sorted(self.added, key=len, reverse=True))) or "$^")

    def __len__(self) -> int:
        return self._tokenizer.get_vocab_size()

    def id(self, token: str) -> int:
        """The id of a token, as spelt in the vocabulary."""
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise BadInput(f"The tokenizer of this checkpoint has no token {token!r}; it belongs to another model.")
        return int(number)

    def ids(self, tokens: Iterable[str]) -> set[int]:
        """The ids of those of `tokens` that the vocabulary contains."""
        found = {self._tokenizer.token_to_id(token) for token in tokens}
        return {int(number) for number in found if number is not None}

    def encode(self, text: str, begin: bool = True) -> list[int]:
        """The ids of a text. `begin`: with the tokens that the tokenizer itself adds (Llama 3's begin-of-text)."""
        return list(self._tokenizer.encode(text, add_special_tokens=begin).ids)

    def decode(self, ids: Sequence[int], marks: Collection[int] = ()) -> str:
        """The text without special tokens, except those of `marks`."""
        kept = [number for number in ids if number not in self.special or number in marks]
        return str(self._tokenizer.decode(kept, skip_special_tokens=False))

    def plain(self, text: str) -> str:
        """Text from outside, with every special token in it broken up: a text that a user types or OCR reads must
        not be able to end or start a turn."""
        return self._added_strings.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)


class TextStream:
    """Decodes ids to text as soon as its characters are complete: one character can take several tokens."""

    def __init__(self, vocabulary: Vocabulary, marks: Collection[int] = ()) -> None:
        """`marks` are special tokens that belong to the text."""
        self._vocabulary, self._marks = vocabulary, marks
        self._ids: list[int] = []
        self._given = ""

    def add(self, ids: Sequence[int]) -> str:
        self._ids += ids
        text = self._vocabulary.decode(self._ids, self._marks)
        return "" if text.endswith("\N{REPLACEMENT CHARACTER}") else self._take(text)

    def end(self) -> str:
        """The text that is still held back, with a replacement character for an incomplete one."""
        return self._take(self._vocabulary.decode(self._ids, self._marks))

    def _take(self, text: str) -> str:
        new = text.removeprefix(self._given)
        self._given = text
        return new


def shortened(words: Vocabulary, text: str, limit: int) -> tuple[str, int]:
    """Text from outside of at most `limit` tokens, without its middle if it is longer; and its number of tokens."""
    ids = words.encode(words.plain(text), begin=False)
    if len(ids) <= limit:
        return text, len(ids)
    half = limit // 2 - 4
    return f"{words.decode(ids[:half])} ... {words.decode(ids[-half:])}", limit
