"""Brings a library up to date with the files and folders that were added to it.

A file is read again when its size or its time has changed. Passages are stored as they are read, so an interrupted run
goes on where it stopped, and the memory that it takes does not grow with the documents. Blocks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from pathlib import Path

from dialogue.errors import BadInput
from dialogue.library.cutting import passages_of
from dialogue.library.formats.reading import TEXT_FORMATS, is_document
from dialogue.library.library import Library
from dialogue.library.passage import Section
from stream.media.decoder_process import sections_of
from vision.picture import Pixels
from vision.reading.read_text import Reader
from vision.reading.scanned_page import text_of_page

FileState = tuple[int, int]  # bytes, and time of change in nanoseconds
BATCH = 16  # passages that are embedded and stored together
MOST_FILES = 100_000  # of all folders
MOST_BYTES = 500_000_000  # of one file
LONGEST_HERE = 5_000_000  # bytes of a text that is read in this process


@dataclass(frozen=True, slots=True)
class Progress:
    """`path` is being read: number `file` of `files` that have changed, with `passages` stored so far."""

    path: Path
    file: int
    files: int
    passages: int


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many documents were read and removed, and sentences about those that could not be read."""

    read: int = 0
    removed: int = 0
    faults: tuple[str, ...] = ()


class Indexing:
    """`stopped` is asked between batches; a stopped run is completed by the next one."""

    def __init__(
        self,
        library: Library,
        report: Callable[[Progress], None] = lambda _: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._library, self._report, self._stopped = library, report, stopped

    @cached_property
    def _reader(self) -> Reader:
        return Reader()  # loaded for the first page that has no text

    def refresh(self) -> Refreshed:
        """Reads what is new or has changed, and removes what is gone. Raises BadInput where the library cannot be
        written."""
        changed, gone = changes(self._library)
        for path in gone:
            self._library.remove(path)
        read, faults = 0, list[str]()
        for number, (path, state) in enumerate(changed.items(), 1):
            if self._stopped():
                break
            fault = self._read(path, state, partial(Progress, path, number, len(changed)))
            read += not fault
            faults += [fault] if fault else []
        return Refreshed(read, len(gone), tuple(faults))

    def _read(self, path: Path, state: FileState, progress: Callable[[int], Progress]) -> str:
        """Stores the passages of one file; returns a sentence if it cannot be read."""
        stored = self._library.begin(path, *state)
        fault = ""
        try:
            if state[0] > MOST_BYTES:
                raise BadInput(f"{path.name} is larger than {MOST_BYTES // 10**6} MB.")
            passages = passages_of(self._sections(path, state[0]))
            for _ in islice(passages, stored):
                pass
            self._report(progress(stored))
            while batch := list(islice(passages, BATCH)):
                self._library.append(path, batch)
                stored += len(batch)
                self._report(progress(stored))
                if self._stopped():
                    return ""
            if not stored:
                fault = f"{path.name} has no text that can be read."
        except BadInput as odd:
            fault = str(odd)
        self._library.complete(path, fault)
        return fault

    def _sections(self, path: Path, size: int) -> Iterator[Section]:
        """Short files of text are read here, since a process takes most of a second to start. Raises BadInput."""
        if size > LONGEST_HERE or path.suffix.lower() not in TEXT_FORMATS:
            yield from sections_of(path, self._text_of)
            return
        try:
            yield from TEXT_FORMATS[path.suffix.lower()](path)
        except (ValueError, OSError) as odd:
            raise BadInput(str(odd)) from odd

    def _text_of(self, rgb: Pixels) -> str:
        return text_of_page(self._reader, rgb)


def changes(library: Library) -> tuple[dict[Path, FileState], list[Path]]:
    """The documents that are new, changed or half read, and those that are gone."""
    there = files_of(library.roots())
    known = {each.path: each for each in library.documents()}
    same = {path: (each.size, each.changed) for path, each in known.items() if each.complete}
    changed = {path: state for path, state in sorted(there.items()) if same.get(path) != state}
    return changed, sorted(known.keys() - there.keys())


def is_up_to_date(library: Library) -> bool:
    return not any(changes(library))


def files_of(roots: list[Path]) -> dict[Path, FileState]:
    """The documents in files and folders, with size and time of change. Hidden files and links out of a folder are
    left out."""
    found: dict[Path, FileState] = {}
    for path in (each for root in roots for each in _walked(root)):
        try:
            state = path.stat()
        except OSError:
            continue
        found[path] = (state.st_size, state.st_mtime_ns)
        if len(found) >= MOST_FILES:
            break
    return found


def _walked(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if not name.startswith(".") and is_document(path) and path.is_file() and not path.is_symlink():
                yield path
