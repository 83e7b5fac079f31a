"""Prompt pieces to token ids and back, so that nobody's words can become a control token.

Knows a tokenizer; knows no model and no cache.
"""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Tokenizer

from dialogue.prompt import Piece


class ChatTokens:
    """Shared by the sessions of a process; thread-safe, since it is never changed."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._control = tokenizer
        self._plain = Tokenizer.from_str(tokenizer.to_str())
        self._plain.encode_special_tokens = True  # "<|im_end|>" in such text is letters

    def encode(self, pieces: Sequence[Piece]) -> list[int]:
        """Token ids of the pieces in order; only control pieces may hold special tokens."""
        ids: list[int] = []
        for piece in pieces:
            tokenizer = self._control if piece.control else self._plain
            ids += tokenizer.encode(piece.text, add_special_tokens=False).ids
        return ids

    def text(self, ids: Sequence[int]) -> str:
        """The text of generated tokens, special ones left out; cut where the last character is not complete yet."""
        return str(self._control.decode(list(ids), skip_special_tokens=True)).rstrip("\ufffd")
