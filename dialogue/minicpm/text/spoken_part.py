"""Extracts the spoken text of a reply while it is generated: no thoughts, no calls, no incomplete mark.

The result does not depend on how the text is cut into pieces.
"""

from __future__ import annotations

from dialogue.minicpm.text.function_calls import CALLS, THOUGHT

_ENDS = dict((THOUGHT, CALLS))  # opening mark -> closing mark
_ALL = (*_ENDS, *_ENDS.values())  # a stray closing mark is removed too


class SpokenPart:
    """One reply. `done` once a block of calls has ended: text after it was generated without the results."""

    def __init__(self) -> None:
        self.written = ""  # all text, including marks
        self.said = ""
        self.done = False

    def push(self, text: str) -> str:
        """Add text; returns the new spoken text."""
        self.written += text
        self.done = CALLS[1] in self.written.partition(CALLS[0])[2]
        return self._say(_spoken(self.written, ended=False))

    def end(self) -> str:
        """The reply is complete; returns the rest of the spoken text."""
        return self._say(_spoken(self.written, ended=True))

    def _say(self, spoken: str) -> str:
        new = spoken[len(self.said) :]
        self.said += new
        return new


def _spoken(written: str, *, ended: bool) -> str:
    said, rest = "", written
    while found := min(((at, mark) for mark in _ALL if (at := rest.find(mark)) >= 0), default=None):
        at, mark = found
        said, rest = said + rest[:at], rest[at + len(mark) :]
        if mark in _ENDS:
            _, closed, rest = rest.partition(_ENDS[mark])
            if mark == CALLS[0] or not closed:
                return said.strip() if ended else said.lstrip()
    rest = rest if ended else _without_partial_mark(rest)
    return (said + rest).strip()


def _without_partial_mark(text: str) -> str:
    """`text` without an end that may become a mark."""
    at = text.rfind("<")
    return text[:at] if at >= 0 and any(mark.startswith(text[at:]) for mark in _ALL) else text
