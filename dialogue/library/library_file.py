"""Opens the data base of a library: a file that only its owner may read, or one in memory.

The words are indexed by FTS5, the vectors by sqlite-vec. The module comes with its own SQLite (apsw), since many builds
of Python cannot load an extension into theirs.
"""

from __future__ import annotations

from pathlib import Path

import apsw
import sqlite_vec

from dialogue.errors import BadInput
from dialogue.library.models import BUILT_IN
from dialogue.memory.private_file import make_private

VERSION = 1  # of the tables below; a file of another version is refused
WAIT_MS = 10_000  # for another writer

_TABLES = """
CREATE TABLE roots(path TEXT PRIMARY KEY);
CREATE TABLE documents(number INTEGER PRIMARY KEY, path TEXT UNIQUE, title TEXT, size INTEGER, changed INTEGER,
    complete INTEGER DEFAULT 0, fault TEXT DEFAULT '');
CREATE TABLE passages(number INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER, place TEXT, text TEXT);
CREATE INDEX of_document ON passages(document);
CREATE VIRTUAL TABLE words USING fts5(text, content='passages', content_rowid='number', tokenize='porter unicode61');
CREATE TRIGGER came AFTER INSERT ON passages BEGIN
    INSERT INTO words(rowid, text) VALUES (new.number, new.text); END;
CREATE TRIGGER went AFTER DELETE ON passages BEGIN
    INSERT INTO words(words, rowid, text) VALUES ('delete', old.number, old.text);
    DELETE FROM vectors WHERE rowid = old.number; END;
"""
_VECTORS = "CREATE VIRTUAL TABLE vectors USING vec0(meaning float[{width}] distance_metric=cosine);"
_CHOSEN = "CREATE TABLE IF NOT EXISTS chosen(role TEXT PRIMARY KEY, model TEXT)"  # absent in files of earlier versions


def opened_library(path: Path | None, embedder: str, width: int) -> apsw.Connection:
    """A connection for one thread at a time. `width` numbers in each vector of the embedder of this name. Raises
    BadInput for a file that cannot be a library, or was made with another embedder."""
    try:
        if path is not None:
            make_private(path)
        db = apsw.Connection(":memory:" if path is None else str(path))
        db.set_busy_timeout(WAIT_MS)
        db.enable_load_extension(True)
        db.load_extension(sqlite_vec.loadable_path())
        db.enable_load_extension(False)
        _prepare(db, path, embedder, width)
    except (OSError, apsw.Error) as odd:
        raise BadInput(f"{path} cannot hold the library ({odd}); choose another file.") from odd
    return db


def chosen_models(path: Path) -> dict[str, str]:
    """The names of the "embedder" and the "reranker" that were chosen for a library; those of the built-in models are
    left out. Empty where there is no such file."""
    if not path.is_file():
        return {}
    try:
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            return {str(role): str(model) for role, model in db.execute("SELECT role, model FROM chosen")}
        finally:
            db.close()
    except apsw.Error:  # a library of an earlier version, or none; opening it says which
        return {}


def choose_model(path: Path, role: str, model: str | None) -> None:
    """Keeps the name of a model for a library that exists; None: the built-in one."""
    db = apsw.Connection(str(path))
    db.set_busy_timeout(WAIT_MS)
    try:
        if model is None:
            db.execute("DELETE FROM chosen WHERE role=?", (role,))
        else:
            db.execute("INSERT OR REPLACE INTO chosen VALUES (?,?)", (role, model))
    finally:
        db.close()


def _prepare(db: apsw.Connection, path: Path | None, embedder: str, width: int) -> None:
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
            db.execute(f"{_TABLES} {_VECTORS.format(width=width)} PRAGMA user_version={VERSION}")
        db.execute(_CHOSEN)
        _check_embedder(db, path, embedder, made=version != VERSION)
    except BaseException:
        db.execute("ROLLBACK")
        db.close()
        raise
    db.execute("COMMIT")


def _check_embedder(db: apsw.Connection, path: Path | None, embedder: str, *, made: bool) -> None:
    if made and embedder != BUILT_IN:
        db.execute("INSERT INTO chosen VALUES ('embedder', ?)", (embedder,))
    named = db.execute("SELECT model FROM chosen WHERE role='embedder'").fetchone()
    if (known := named[0] if named else BUILT_IN) != embedder:
        raise BadInput(f"{path} was made with the embedder {known}; choose another file for {embedder}.")
