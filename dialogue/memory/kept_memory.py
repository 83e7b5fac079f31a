"""The memory file as its owner sees it: the lines of all calls, newest first, to search and to delete.

Every method opens the file for itself and blocks; calls may go on writing meanwhile. Raises BadInput for a file that
cannot be used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from dialogue.memory.event_log import EventKind
from dialogue.memory.log_file import checkpoint, connected, delete_lines
from dialogue.text.plain_words import plain
from dialogue.text.unspaced import apart

NEWEST = 2**62


@dataclass(frozen=True, slots=True)
class KeptLine:
    """One line; `at` is local time."""

    number: int
    kind: EventKind
    at: datetime
    text: str


@dataclass(frozen=True)
class KeptMemory:
    path: Path

    def checkpoint(self) -> None:
        """Writes what calls have added into the file; makes the file where there is none."""
        with self._open() as db:
            checkpoint(db)

    def lines(self, words: str = "", before: int = NEWEST, most: int = 50) -> list[KeptLine]:
        """The newest lines that contain words that begin like all of `words`, older than line `before`."""
        where, values = _sought(words)
        query = "SELECT number, kind, at + began, text FROM events WHERE number < ?"
        with self._open() as db:
            rows = db.execute(f"{query}{where} ORDER BY number DESC LIMIT ?", (before, *values, most)).fetchall()
        return [KeptLine(number, kind, datetime.fromtimestamp(at), text) for number, kind, at, text in rows]

    def count(self, words: str = "") -> int:
        where, values = _sought(words)
        with self._open() as db:
            [number] = db.execute(f"SELECT count(*) FROM events WHERE true{where}", values).fetchone()
        return int(number)

    def delete(self, numbers: Sequence[int]) -> int:
        """Deletes these lines for good. Returns how many there were."""
        with self._open() as db:
            return delete_lines(db, numbers)

    def delete_found(self, words: str) -> int:
        """Deletes the lines that `lines` finds for `words`, all without words. Returns how many there were."""
        where, values = _sought(words)
        with self._open() as db:
            numbers = [number for (number,) in db.execute(f"SELECT number FROM events WHERE true{where}", values)]
            return delete_lines(db, numbers)

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        with closing(connected(self.path)) as db:
            yield db


def _sought(words: str) -> tuple[str, tuple[Any, ...]]:
    """The condition for lines with words that begin like these, and its values."""
    beginnings = " ".join(f'"{apart(word)}"*' for word in plain(words.replace('"', " ")).split())
    if not words.strip():
        return "", ()
    return " AND number IN (SELECT rowid FROM words WHERE words MATCH ?)", (beginnings or '""',)
