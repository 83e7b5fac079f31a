"""Opens the data base of a library: a file that only its owner may read, or one in memory.

The words are indexed by FTS5, the vectors by sqlite-vec. The module comes with its own SQLite (apsw), since many builds
of Python cannot load an extension into theirs.
"""

from __future__ import annotations

from pathlib import Path

import apsw
import sqlite_vec

from dialogue.errors import BadInput
from dialogue.memory.private_file import make_private
from dialogue.memory.sentence_embedding import WIDTH

VERSION = 1  # of the tables below; a file of another version is refused
WAIT_MS = 10_000  # for another writer

_TABLES = f"""
CREATE TABLE roots(path TEXT PRIMARY KEY);
CREATE TABLE documents(number INTEGER PRIMARY KEY, path TEXT UNIQUE, title TEXT, size INTEGER, changed INTEGER,
    complete INTEGER DEFAULT 0, fault TEXT DEFAULT '');
CREATE TABLE passages(number INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER, place TEXT, text TEXT);
CREATE INDEX of_document ON passages(document);
CREATE VIRTUAL TABLE words USING fts5(text, content='passages', content_rowid='number', tokenize='porter unicode61');
CREATE VIRTUAL TABLE vectors USING vec0(meaning float[{WIDTH}] distance_metric=cosine);
CREATE TRIGGER came AFTER INSERT ON passages BEGIN
    INSERT INTO words(rowid, text) VALUES (new.number, new.text); END;
CREATE TRIGGER went AFTER DELETE ON passages BEGIN
    INSERT INTO words(words, rowid, text) VALUES ('delete', old.number, old.text);
    DELETE FROM vectors WHERE rowid = old.number; END;
"""


def opened_library(path: Path | None) -> apsw.Connection:
    """A connection for one thread at a time. Raises BadInput for a file that cannot be a library."""
    try:
        if path is not None:
            make_private(path)
        db = apsw.Connection(":memory:" if path is None else str(path))
        db.set_busy_timeout(WAIT_MS)
        db.enable_load_extension(True)
        db.load_extension(sqlite_vec.loadable_path())
        db.enable_load_extension(False)
        _prepare(db, path)
    except (OSError, apsw.Error) as odd:
        raise BadInput(f"{path} cannot hold the library ({odd}); choose another file.") from odd
    return db


def _prepare(db: apsw.Connection, path: Path | None) -> None:
    db.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON")
    # A search reads all vectors: 61 MB of 40,000 passages, in 19 ms instead of 32 where the file is mapped.
    db.execute("PRAGMA mmap_size=2000000000")
    db.execute("BEGIN IMMEDIATE")
    try:
        version = db.pragma("user_version")
        if version != VERSION:
            [(tables,)] = db.execute("SELECT count(*) FROM sqlite_master").fetchall()
            if tables:
                raise BadInput(f"{path} is a data base of something else, or of another version; choose another file.")
            db.execute(f"{_TABLES} PRAGMA user_version={VERSION}")
    except BaseException:
        db.execute("ROLLBACK")
        db.close()
        raise
    db.execute("COMMIT")
