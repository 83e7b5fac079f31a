"""Stores what was seen and said, one line each with its time, and finds it again by words and by meaning.

SQLite with full text search, in memory or in a given file. Bounded: each kind keeps its newest `limit` lines, so that
a busy room cannot push out what was said. A file keeps earlier sessions as a record; only this session's lines are
found, because the sessions' clocks differ. Text read in the room is stored as read and quoted in every answer: data,
never an instruction.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dialogue.errors import BadInput
from dialogue.text.plain_words import plain

# `seen`: a thing; `read`: text in the room; `told`, `asked`: statements and questions of the user; `said`: replies as
# they were heard; `left`: a turn that has left the model's context.
EventKind = Literal["seen", "read", "told", "asked", "said", "left"]
LONGEST_TEXT = 2000

_TABLES = """
CREATE TABLE IF NOT EXISTS sessions(number INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS events(number INTEGER PRIMARY KEY, session INTEGER, kind TEXT, at REAL, until REAL,
    text TEXT, plain TEXT, label TEXT, details TEXT, vector BLOB);
CREATE INDEX IF NOT EXISTS by_kind ON events(kind, number);
CREATE INDEX IF NOT EXISTS by_name ON events(session, kind, label, text);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(plain, content='events', content_rowid='number',
    tokenize='porter unicode61');
CREATE TRIGGER IF NOT EXISTS came AFTER INSERT ON events BEGIN
    INSERT INTO words(rowid, plain) VALUES (new.number, new.plain); END;
CREATE TRIGGER IF NOT EXISTS went AFTER DELETE ON events BEGIN
    INSERT INTO words(words, rowid, plain) VALUES ('delete', old.number, old.plain); END;
"""
_COLUMNS = "number, kind, at, until, text, label, details"


@dataclass(frozen=True, slots=True)
class Event:
    """One line, true from `at` until `until`. `label` names a thing, `details` is plain data."""

    number: int
    kind: EventKind
    at: float
    until: float
    text: str
    label: str
    details: Mapping[str, Any]


class EventLog:
    """One session's view. Raises BadInput if the file cannot be used."""

    def __init__(self, path: Path | None = None, limit: int = 5000) -> None:
        self._limit = limit
        try:
            # Calls come one after the other, but not always from the thread that opened it.
            self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
            self._db.executescript(f"PRAGMA synchronous=OFF; {_TABLES}")
            self._session = self._db.execute("INSERT INTO sessions DEFAULT VALUES").lastrowid
            self._counts = Counter(dict(self._db.execute("SELECT kind, count(*) FROM events GROUP BY kind")))
        except sqlite3.Error as odd:
            raise BadInput(f"{path} cannot hold the event log ({odd}); choose another file.") from odd

    def add(
        self,
        kind: EventKind,
        text: str,
        at: float,
        until: float | None = None,
        label: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> int:
        """A new line; returns its number. Texts are cut at LONGEST_TEXT characters."""
        text = text[:LONGEST_TEXT]
        row = (self._session, kind, at, at if until is None else until, text, plain(text), label)
        inserted = self._db.execute(
            "INSERT INTO events(session, kind, at, until, text, plain, label, details) VALUES (?,?,?,?,?,?,?,?)",
            (*row, json.dumps(details or {})),
        )
        number = int(inserted.lastrowid or 0)
        self._counts[kind] += 1
        if self._counts[kind] > self._limit:
            oldest = "SELECT number FROM events WHERE kind=? ORDER BY number LIMIT 1"
            self.remove(*self._db.execute(oldest, (kind,)).fetchone())
        return number

    def amend(self, number: int, until: float, details: Mapping[str, Any]) -> None:
        """Updates a line with a later end and new details. A line that was dropped stays dropped."""
        self._db.execute("UPDATE events SET until=?, details=? WHERE number=?", (until, json.dumps(details), number))

    def remove(self, number: int) -> None:
        """Removes a line, such as one of a rewound turn."""
        for (kind,) in self._db.execute("DELETE FROM events WHERE number=? RETURNING kind", (number,)).fetchall():
            self._counts[kind] -= 1

    def events(self, *kinds: EventKind) -> list[Event]:
        """The session's lines of these kinds, oldest first."""
        where, values = self._among(kinds)
        return self._found(f"SELECT {_COLUMNS} FROM events WHERE {where} ORDER BY at, number", values)

    def named(self, kind: EventKind, label: str, text: str) -> list[Event]:
        """The lines about one thing or text, oldest first."""
        where = "session=? AND kind=? AND label=? AND text=?"
        values = (self._session, kind, label, text[:LONGEST_TEXT])
        return self._found(f"SELECT {_COLUMNS} FROM events WHERE {where} ORDER BY number", values)

    def with_word(self, words: Sequence[str], *kinds: EventKind) -> set[int]:
        """Numbers of the lines that contain one of these words, in any of its forms."""
        where, values = self._among(kinds)
        sought = " OR ".join(f'"{word}"' for word in (one.replace('"', " ").strip() for one in words) if word)
        if not sought:
            return set()
        # CROSS JOIN makes SQLite look the words up first instead of testing every line.
        query = f"SELECT number FROM words CROSS JOIN events ON number=words.rowid WHERE words MATCH ? AND {where}"
        return {number for (number,) in self._db.execute(query, (sought, *values))}

    def get(self, number: int) -> Event:
        return self._found(f"SELECT {_COLUMNS} FROM events WHERE number=?", (number,))[0]

    def unindexed(self, *kinds: EventKind) -> list[Event]:
        """Lines without a vector, oldest first."""
        where, values = self._among(kinds)
        return self._found(f"SELECT {_COLUMNS} FROM events WHERE vector IS NULL AND {where} ORDER BY number", values)

    def index(self, events: Sequence[Event], vectors: NDArray[np.float32]) -> None:
        """Stores the vectors of lines: (n, width), each of length one."""
        rows = [(vector.astype(np.float16).tobytes(), one.number) for one, vector in zip(events, vectors, strict=True)]
        self._db.executemany("UPDATE events SET vector=? WHERE number=?", rows)

    def likeness(self, vector: NDArray[np.float32], *kinds: EventKind) -> dict[int, float]:
        """The cosine similarity of each indexed line to `vector`, by its number: -1 .. 1."""
        where, values = self._among(kinds)
        rows = self._db.execute(
            f"SELECT number, vector FROM events WHERE vector NOTNULL AND {where}", values
        ).fetchall()
        if not rows:
            return {}
        stored = np.frombuffer(b"".join(blob for _, blob in rows), np.float16).reshape(len(rows), -1)
        likenesses = stored.astype(np.float32) @ vector
        return {number: float(like) for (number, _), like in zip(rows, likenesses, strict=True)}

    def close(self) -> None:
        self._db.close()

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM events WHERE session=?", (self._session,)).fetchone()[0])

    def _among(self, kinds: Sequence[EventKind]) -> tuple[str, tuple[Any, ...]]:
        return f"session=? AND kind IN ({','.join('?' * len(kinds))})", (self._session, *kinds)

    def _found(self, query: str, values: Sequence[Any]) -> list[Event]:
        rows = self._db.execute(query, values)
        return [
            Event(number, kind, at, until, text, label, json.loads(details))
            for number, kind, at, until, text, label, details in rows
        ]
