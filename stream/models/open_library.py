"""Opens the library of the user's documents for the calls of a server."""

from __future__ import annotations

from pathlib import Path

from dialogue.engines.entries import EMBEDDER
from stream.library.library_service import LibraryService
from stream.models.weights import WeightStore

__all__ = ["LibraryService", "open_library"]


def open_library(file: Path | None, store: WeightStore) -> LibraryService | None:
    """None without a file. Blocking. Raises BadInput for a file that cannot be a library."""
    return LibraryService(file, store.path(EMBEDDER)) if file is not None else None
