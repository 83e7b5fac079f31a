"""Opens the library of the user's documents, with the models that were chosen for it."""

from __future__ import annotations

from pathlib import Path

from dialogue.engines.entries import EMBEDDER
from dialogue.library.library_file import chosen_models
from stream.library.library_models import ModelFolders
from stream.library.library_service import LibraryService
from stream.models.model_choice import model_folder
from stream.models.weights import WeightStore

__all__ = ["LibraryService", "model_folders", "open_library"]


def open_library(file: Path | None, store: WeightStore) -> LibraryService | None:
    """None without a file. Blocking. Raises BadInput for a file that cannot be a library."""
    return LibraryService(file, model_folders(file, store)) if file is not None else None


def model_folders(file: Path, store: WeightStore, embedder: str | None = None) -> ModelFolders:
    """Where the models of a library lie; a model of the hub is fetched once. `embedder`: for a library that is to be
    made. Raises WeightsError, BadInput."""
    chosen = chosen_models(file)
    named, reranker = embedder or chosen.get("embedder"), chosen.get("reranker")
    return ModelFolders(
        EMBEDDER if named is None else named,
        store.path(EMBEDDER) if named is None else model_folder(named, store),
        None if reranker is None else model_folder(reranker, store),
    )
