"""The program of the process that reads the documents of a library beside calls: `update FILE EMBEDDER_FOLDER`.

It has the lowest priority. SIGTERM ends it between two batches.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from dialogue.library.library import Library
from dialogue.memory.sentence_embedding import SentenceEmbedder
from stream.library.indexing import Indexing

NICENESS = 19


def main(file: str, embedder_folder: str) -> None:
    import torch

    os.nice(NICENESS)
    torch.set_num_threads(1)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    library = Library(Path(file), SentenceEmbedder(Path(embedder_folder)).embed)
    try:
        Indexing(library, stopped=stopped.is_set).refresh()
    finally:
        library.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
