"""The program of the process that reads the documents of a library beside calls: `update FILE EMBEDDER FOLDER`.

It has the lowest priority. SIGTERM ends it between two batches.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from dialogue.library.library import Library
from stream.library.indexing import Indexing
from stream.library.library_models import ModelFolders

NICENESS = 19


def main(file: str, embedder: str, folder: str) -> None:
    import torch

    os.nice(NICENESS)
    torch.set_num_threads(1)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    library = Library(Path(file), ModelFolders(embedder, Path(folder)).opened())
    try:
        Indexing(library, stopped=stopped.is_set).refresh()
    finally:
        library.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
