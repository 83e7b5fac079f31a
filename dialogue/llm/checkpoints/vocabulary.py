"""Text to token ids and back. Special tokens are found by their strings: their ids differ between releases."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from tokenizers import Tokenizer

from dialogue.errors import BadInput

UNKNOWN = "<unk>"


class Vocabulary:
    """A checkpoint's tokenizer. Shared by all sessions."""

    def __init__(self, file: Path) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # the tokenizers library raises bare Exception for whatever is wrong
            raise BadInput(f"{file} cannot be read as a tokenizer ({error}); download it again.") from error
        self.added = {token.content: number for number, token in self._tokenizer.get_added_tokens_decoder().items()}
        self.special = {number for number, token in self._tokenizer.get_added_tokens_decoder().items() if token.special}
        self._added_strings = re.compile("|".join(map(re.escape, sorted(self.added, key=len, reverse=True))) or "$^")

    def __len__(self) -> int:
        return self._tokenizer.get_vocab_size()

    def id(self, token: str) -> int:
        """The id of one token, given as it is spelt in the vocabulary."""
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise BadInput(f"The tokenizer of this checkpoint has no token {token!r}; it belongs to another model.")
        return int(number)

    def ids(self, tokens: Iterable[str]) -> set[int]:
        """The ids of those tokens that the vocabulary has."""
        found = {self._tokenizer.token_to_id(token) for token in tokens}
        return {int(number) for number in found if number is not None}

    def encode(self, text: str, begin: bool = True) -> list[int]:
        """`begin`: with what the tokenizer itself puts in front of a text (Llama 3's begin-of-text)."""
        return list(self._tokenizer.encode(text, add_special_tokens=begin).ids)

    def encode_with_ends(self, text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Without anything put in front: the ids, and after how many characters of the text each of them ends."""
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        return tuple(encoded.ids), tuple(end for _, end in encoded.offsets)

    def decode(self, ids: Sequence[int], marks: Collection[int] = ()) -> str:
        """Text without special tokens, but for those of `marks`."""
        kept = [number for number in ids if number not in self.special or number in marks]
        return str(self._tokenizer.decode(kept, skip_special_tokens=False))

    def plain(self, text: str) -> str:
        """Text from outside, with everything that would be read as a special token broken up: what a user types
        or a camera reads must not be able to end a turn or to start one."""
        return self._added_strings.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)


class TextStream:
    """Ids in, text out as soon as its characters are whole: one character can take several tokens."""

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
        """What is still held back, with a replacement character where the bytes make no text."""
        return self._take(self._vocabulary.decode(self._ids, self._marks))

    def _take(self, text: str) -> str:
        new = text.removeprefix(self._given)
        self._given = text
        return new


def shortened(words: Vocabulary, text: str, most: int) -> tuple[str, int]:
    """Text from outside of at most `most` tokens, its middle left out where it is longer; and how many it has."""
    ids = words.encode(words.plain(text), begin=False)
    if len(ids) <= most:
        return text, len(ids)
    half = most // 2 - 4
    return f"{words.decode(ids[:half])} ... {words.decode(ids[-half:])}", most
