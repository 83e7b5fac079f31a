"""Counts the tokens that a session has taken into its model's context, by what they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dialogue.engine import ContextUse


@dataclass(frozen=True, slots=True)
class Tokens:
    """`sound` and `picture` are parts of `input`."""

    input: int = 0
    output: int = 0
    sound: int = 0
    picture: int = 0

    @property
    def total(self) -> int:
        return self.input + self.output

    def less(self, other: Tokens) -> Tokens:
        """What was added since `other`."""
        return Tokens(
            self.input - other.input,
            self.output - other.output,
            self.sound - other.sound,
            self.picture - other.picture,
        )


class UsageCount:
    """Adds up the growth of the context; what has left it, and what was taken back, stays counted."""

    def __init__(self) -> None:
        self._held: Mapping[str, int] = {}
        self._reported = Tokens()
        self.tokens = Tokens()

    def see(self, use: ContextUse) -> None:
        grown = {kind: max(0, count - self._held.get(kind, 0)) for kind, count in use.tokens.items()}
        self._held, before = dict(use.tokens), self.tokens
        output = grown.get("reply", 0)
        self.tokens = Tokens(
            before.input + sum(grown.values()) - output,
            before.output + output,
            before.sound + grown.get("sound", 0),
            before.picture + grown.get("picture", 0),
        )

    def since_last(self) -> Tokens:
        """The tokens since this was asked before."""
        since, self._reported = self.tokens.less(self._reported), self.tokens
        return since
