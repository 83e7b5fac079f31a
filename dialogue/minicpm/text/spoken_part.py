"""What of an answer may be said while it is still being written: neither thoughts nor calls, nor half a mark.

Text in, text out; a piece at a time comes to the same as the whole.
"""

from __future__ import annotations

from dialogue.minicpm.text.function_calls import CALLS, THOUGHT

_ENDS = dict((THOUGHT, CALLS))  # what opens a block -> what closes it
_ALL = (*_ENDS, *_ENDS.values())  # a closing mark that nothing opened is not said either


class SpokenPart:
    """One answer. `done` once a block of calls has ended: what would follow it was made up without the results."""

    def __init__(self) -> None:
        self.written = ""  # all of it, marks and all
        self.said = ""
        self.done = False

    def push(self, text: str) -> str:
        """More of the answer; returns what may be said of it now."""
        self.written += text
        self.done = CALLS[1] in self.written.partition(CALLS[0])[2]
        return self._say(_words(self.written, ended=False))

    def end(self) -> str:
        """There is no more: the rest of what may be said."""
        return self._say(_words(self.written, ended=True))

    def _say(self, words: str) -> str:
        new = words[len(self.said) :]
        self.said += new
        return new


def _words(written: str, *, ended: bool) -> str:
    said, rest = "", written
    while found := min(((at, mark) for mark in _ALL if (at := rest.find(mark)) >= 0), default=None):
        at, mark = found
        said, rest = said + rest[:at], rest[at + len(mark) :]
        if mark in _ENDS:
            _, closed, rest = rest.partition(_ENDS[mark])
            if mark == CALLS[0] or not closed:
                return said.strip() if ended else said.lstrip()
    rest = rest if ended else _without_half_a_mark(rest)
    return (said + rest).strip()


def _without_half_a_mark(text: str) -> str:
    """An end that may become a mark is kept back."""
    at = text.rfind("<")
    return text[:at] if at >= 0 and any(mark.startswith(text[at:]) for mark in _ALL) else text
