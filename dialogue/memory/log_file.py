"""Opens the data base of an event log: in memory, or in a file that only its owner may read.

A file is written ahead (WAL), so that calls at the same time, and the page that shows them, do not wait for one
another. Writing does not wait for the disk; `checkpointed` does, and is called off the event loop.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dialogue.errors import BadInput
from dialogue.memory.private_file import make_private

VERSION = 1  # of the tables below; a file of another version is refused
WAIT_S = 5.0  # for another writer
_BATCH = 200  # lines deleted in one transaction

_TABLES = """
CREATE TABLE IF NOT EXISTS events(number INTEGER PRIMARY KEY AUTOINCREMENT, session INTEGER, began REAL, kind TEXT,
    at REAL, until REAL, text TEXT, plain TEXT, label TEXT, details TEXT, vector BLOB);
CREATE INDEX IF NOT EXISTS by_kind ON events(kind, number);
CREATE INDEX IF NOT EXISTS by_name ON events(session, kind, label, text);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(plain, content='events', content_rowid='number',
    tokenize='porter unicode61');
CREATE TRIGGER IF NOT EXISTS came AFTER INSERT ON events BEGIN
    INSERT INTO words(rowid, plain) VALUES (new.number, new.plain); END;
CREATE TRIGGER IF NOT EXISTS went AFTER DELETE ON events BEGIN
    INSERT INTO words(words, rowid, plain) VALUES ('delete', old.number, old.plain); END;
"""


def connected(path: Path | None) -> sqlite3.Connection:
    """A data base with the tables of an event log. Raises BadInput for a file that cannot be one."""
    if path is None:
        # Calls come one after the other, but not always from the thread that opened it.
        memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        memory.executescript(_TABLES)
        return memory
    try:
        make_private(path)
        db = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as odd:
        raise BadInput(f"{path} cannot hold the event log ({odd}); choose another file.") from odd
    try:
        _prepare(db, path)
    except (sqlite3.Error, BadInput) as odd:
        db.close()
        if isinstance(odd, BadInput):
            raise
        raise BadInput(f"{path} cannot hold the event log ({odd}); choose another file.") from odd
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    [version] = db.execute("PRAGMA user_version").fetchone()
    [tables] = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version != VERSION and tables:
        raise BadInput(f"{path} is a data base of something else, or of another version; choose another file.")
    # secure_delete overwrites what is deleted. A checkpoint waits for the disk, so none comes by itself.
    db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON")
    db.executescript("PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=1000000")
    if version != VERSION:
        db.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version={VERSION}; COMMIT")


def delete_lines(db: sqlite3.Connection, numbers: Iterable[int]) -> int:
    """Deletes lines for good. Blocking. Returns how many there were.

    A file is written again without them, because deleted words stay in the index of words, and pieces of deleted lines
    in pages whose lines were moved, also with secure_delete. Raises BadInput where the file cannot be written.
    """
    gone, deleted = [(number,) for number in numbers], 0
    try:
        for start in range(0, len(gone), _BATCH):  # so that calls, which write as well, wait little
            with _transaction(db):
                statement = "DELETE FROM events WHERE number=?"
                deleted += db.executemany(statement, gone[start : start + _BATCH]).rowcount
        if deleted and not _is_in_memory(db):
            db.execute("INSERT INTO words(words) VALUES ('rebuild')")
            db.execute("VACUUM")
            checkpoint(db)
    except sqlite3.Error as odd:
        raise BadInput(f"The memory file cannot be written ({odd}); free some space and try again.") from odd
    return deleted


def _is_in_memory(db: sqlite3.Connection) -> bool:
    return not db.execute("PRAGMA database_list").fetchone()[2]


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def checkpoint(db: sqlite3.Connection) -> None:
    """Writes the write-ahead log into the file and empties it. Blocking."""
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
