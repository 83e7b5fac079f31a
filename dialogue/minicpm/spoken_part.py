"""What of an answer may be said while it is still being written: neither thoughts nor calls, nor half a mark.

Text in, text out; a piece at a time comes to the same as the whole.
"""

from __future__ import annotations

from dialogue.minicpm.function_calls import CALLS, THOUGHT

_MARKS = (THOUGHT, CALLS)
_OPENINGS = tuple(start for start, _ in _MARKS)


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
    said = ""
    while True:
        found = [(at, start, end) for start, end in _MARKS if (at := written.find(start)) >= 0]
        if not found:
            break
        at, start, end = min(found)
        said += written[:at]
        _, closed, written = written[at + len(start) :].partition(end)
        if start == CALLS[0] or not closed:
            return said.strip() if ended else said.lstrip()
    rest = written if ended else _without_half_a_mark(written)
    return (said + rest).strip() if ended else (said + rest).lstrip().rstrip()


def _without_half_a_mark(text: str) -> str:
    """An end that may become a mark is kept back."""
    at = text.rfind("<")
    return text[:at] if at >= 0 and any(mark.startswith(text[at:]) for mark in _OPENINGS) else text
