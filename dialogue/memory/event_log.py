"""Stores what was seen and said, one line each with its time, and finds it again by words and by meaning.

SQLite with full text search, in memory or in a given file. Bounded: each kind keeps its newest `limit` lines, so that
a busy room cannot push out what was said. A file is shared by all calls of a machine, also by calls at the same time:
searches find the lines of other calls too, with times on the clock of this one, so that those of earlier calls are
negative. Text read in the room is stored as read and quoted in every answer: data, never an instruction.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dialogue.memory.log_file import connected, delete_lines
from dialogue.text.plain_words import plain
from dialogue.text.unspaced import apart

# `seen`: a thing; `read`: text in the room; `told`, `asked`: statements and questions of the user; `said`: replies as
# they were heard; `left`: a turn that has left the model's context.
EventKind = Literal["seen", "read", "told", "asked", "said", "left"]
LONGEST_TEXT = 2000

_COLUMNS = "number, session, kind, at + began - ?, until + began - ?, text, label, details"


@dataclass(frozen=True, slots=True)
class Event:
    """One line, true from `at` until `until`. `label` names a thing, `details` is plain data. `earlier`: it is of
    another call."""

    number: int
    kind: EventKind
    at: float
    until: float
    text: str
    label: str
    details: Mapping[str, Any]
    earlier: bool = False


class EventLog:
    """One session's view. `began` is the wall-clock time of its second 0. Raises BadInput if the file cannot be used.

    `kept`: it outlives the session, in a file. A file that cannot be written any more, such as on a full disk, costs
    the lines and not the call: `fault` says why.
    """

    def __init__(self, path: Path | None = None, limit: int = 5000, began: datetime | None = None) -> None:
        self._limit, self.kept, self.fault = limit, path is not None, ""
        self._began, self._zero = began is not None, began.timestamp() if began is not None else 0.0
        self._session = secrets.randbits(62)
        self._db = connected(path)
        self._counts = _counted(self._db)

    def add(
        self,
        kind: EventKind,
        text: str,
        at: float,
        until: float | None = None,
        label: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> int:
        """A new line; returns its number, 0 where the file cannot be written. Texts are cut at LONGEST_TEXT characters.

        What leaves a model's context is known already, so a file gets no line for that.
        """
        if self.kept and kind == "left":
            return 0
        text = text[:LONGEST_TEXT]
        row = (self._session, self._zero, kind, at, at if until is None else until, text, apart(plain(text)), label)
        inserted = self._write(
            "INSERT INTO events(session, began, kind, at, until, text, plain, label, details) "
            "VALUES (?,?,?,?,?,?,?,?,?)",
            (*row, json.dumps(details or {})),
        )
        if inserted is None:
            return 0
        number = int(inserted.lastrowid or 0)
        self._counts[kind] += 1
        if self._counts[kind] > self._limit:
            # Calls at the same time count their own lines alone, so a file is counted again.
            [self._counts[kind]] = self._db.execute("SELECT count(*) FROM events WHERE kind=?", (kind,)).fetchone()
            self._drop_oldest(kind, self._counts[kind] - self._limit)
        return number

    def amend(self, number: int, until: float, details: Mapping[str, Any]) -> None:
        """Updates a line with a later end and new details. A line that was dropped stays dropped."""
        self._write("UPDATE events SET until=?, details=? WHERE number=?", (until, json.dumps(details), number))

    def remove(self, number: int) -> None:
        """Removes a line, such as one of a rewound turn."""
        gone = self._write("DELETE FROM events WHERE number=? RETURNING kind", (number,))
        for (kind,) in gone.fetchall() if gone is not None else ():
            self._counts[kind] -= 1

    def forget(self, numbers: Iterable[int]) -> set[str]:
        """Removes lines for good: nothing of them stays in the file. Returns their texts. Blocking.

        Raises BadInput where the file cannot be written.
        """
        forgotten, texts = list(numbers), set[str]()
        for number in forgotten:
            texts.update(text for (text,) in self._db.execute("SELECT text FROM events WHERE number=?", (number,)))
        delete_lines(self._db, forgotten)
        self._counts = _counted(self._db)
        return texts

    def events(self, *kinds: EventKind) -> list[Event]:
        """The session's own lines of these kinds, oldest first."""
        return self._found(f"session=? AND {_among(kinds)} ORDER BY at, number", (self._session, *kinds))

    def all_events(self, *kinds: EventKind) -> list[Event]:
        """The lines of these kinds, of every call, oldest first."""
        return self._found(f"{_among(kinds)} ORDER BY at + began, number", kinds)

    def named(self, kind: EventKind, label: str, text: str) -> list[Event]:
        """The session's own lines about one thing or text, oldest first."""
        where = "session=? AND kind=? AND label=? AND text=? ORDER BY number"
        return self._found(where, (self._session, kind, label, text[:LONGEST_TEXT]))

    def with_word(self, words: Sequence[str], *kinds: EventKind) -> set[int]:
        """Numbers of the lines that contain one of these words, in any of its forms."""
        sought = " OR ".join(f'"{apart(word)}"' for word in (one.replace('"', " ").strip() for one in words) if word)
        if not sought:
            return set()
        # CROSS JOIN makes SQLite look the words up first instead of testing every line.
        query = "SELECT number FROM words CROSS JOIN events ON number=words.rowid WHERE words MATCH ?"
        return {number for (number,) in self._db.execute(f"{query} AND {_among(kinds)}", (sought, *kinds))}

    def with_replies(self, numbers: Iterable[int]) -> frozenset[int]:
        """These lines, and the replies that followed what the user said in them."""
        lines = set(numbers)
        for number in tuple(lines):
            following = "SELECT number, kind FROM events WHERE number > ? AND kind IN ('told', 'asked', 'said')"
            same = "AND session=(SELECT session FROM events WHERE number=? AND kind IN ('told', 'asked'))"
            found = self._db.execute(f"{following} {same} ORDER BY number LIMIT 1", (number, number)).fetchone()
            if found is not None and found[1] == "said":
                lines.add(found[0])
        return frozenset(lines)

    def get(self, number: int) -> Event:
        return self._found("number=?", (number,))[0]

    def moment(self, at: float) -> datetime | None:
        """The local wall-clock time of a time on the session clock, where the session knows when it began."""
        return datetime.fromtimestamp(self._zero + at) if self._began else None

    def unindexed(self, *kinds: EventKind, most: int = -1) -> list[Event]:
        """The first `most` lines without a vector, oldest first; all of them by default."""
        return self._found(f"vector IS NULL AND {_among(kinds)} ORDER BY number LIMIT ?", (*kinds, most))

    def index(self, events: Sequence[Event], vectors: NDArray[np.float32]) -> None:
        """Stores the vectors of lines: (n, width), each of length one."""
        for one, vector in zip(events, vectors, strict=True):
            blob = vector.astype(np.float16).tobytes()
            self._write("UPDATE events SET vector=? WHERE number=?", (blob, one.number))

    def likeness(self, vector: NDArray[np.float32], *kinds: EventKind) -> dict[int, float]:
        """The cosine similarity of each indexed line to `vector`, by its number: -1 .. 1."""
        query = f"SELECT number, vector FROM events WHERE vector NOTNULL AND {_among(kinds)}"
        rows = self._db.execute(query, kinds).fetchall()
        if not rows:
            return {}
        stored = np.frombuffer(b"".join(blob for _, blob in rows), np.float16).reshape(len(rows), -1)
        likenesses = stored.astype(np.float32) @ vector
        return {number: float(like) for (number, _), like in zip(rows, likenesses, strict=True)}

    def close(self) -> None:
        self._db.close()

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM events WHERE session=?", (self._session,)).fetchone()[0])

    def _write(self, statement: str, values: Sequence[Any]) -> sqlite3.Cursor | None:
        """Runs the statement. None where the file cannot be written, which costs the line and not the call."""
        try:
            return self._db.execute(statement, values)
        except sqlite3.OperationalError as odd:
            if not self.kept:
                raise
            self.fault = str(odd)
            return None

    def _drop_oldest(self, kind: EventKind, surplus: int) -> None:
        oldest = "SELECT number FROM events WHERE kind=? ORDER BY began, at, number LIMIT ?"
        for (number,) in self._db.execute(oldest, (kind, max(0, surplus))).fetchall():
            self.remove(number)

    def _found(self, where: str, values: Sequence[Any]) -> list[Event]:
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM events WHERE {where}", (self._zero, self._zero, *values))
        return [
            Event(number, kind, at, until, text, label, json.loads(details), session != self._session)
            for number, session, kind, at, until, text, label, details in rows
        ]


@runtime_checkable
class Remembers(Protocol):
    """An engine whose event log the session provides, such as one in a file that outlives the call."""

    def remember(self, log: EventLog) -> None:
        """Called once, before the first block. The engine closes the log with itself."""
        ...


def _counted(db: sqlite3.Connection) -> Counter[str]:
    """The number of lines by kind."""
    return Counter(dict(db.execute("SELECT kind, count(*) FROM events GROUP BY kind")))


def _among(kinds: Sequence[EventKind]) -> str:
    return f"kind IN ({','.join('?' * len(kinds))})"
