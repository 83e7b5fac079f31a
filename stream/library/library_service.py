"""The library of a server: searches it for all calls on one thread, and keeps it up to date in a process of its own.

Every WATCH_EVERY_S seconds the files are compared with the index. Where something has changed a process with the lowest
priority reads it, so that calls go on as before; it is ended with the service, and goes on where it stopped next time.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialogue.errors import BadInput
from dialogue.library.library import Library
from dialogue.library.passage import Found
from dialogue.memory.sentence_embedding import SentenceEmbedder
from stream.library.indexing import is_up_to_date
from stream.runtime.device_thread import DeviceThread

log = logging.getLogger(__name__)

WATCH_EVERY_S = 20.0


class LibraryService:
    """`search` may be awaited by any session. Raises BadInput for a file that cannot be a library, OSError."""

    def __init__(self, file: Path, embedder_folder: Path) -> None:
        """Blocking: opens the index and the embedder."""
        self._file, self._embedder_folder = file, embedder_folder
        self._library = Library(file, SentenceEmbedder(embedder_folder).embed)
        self._library.search("warm up")
        self._thread = DeviceThread("library")
        self._stopped = threading.Event()
        self._watch = threading.Thread(target=self._watching, name="library-watch", daemon=True)
        self._watch.start()

    async def search(self, question: str) -> list[Found]:
        return await self._thread.run(self._library.search, question)

    def close(self) -> None:
        """Ends the threads, and the process that reads."""
        self._stopped.set()
        self._watch.join()
        self._thread.close()
        self._library.close()

    def _watching(self) -> None:
        """Compares and updates until the service is closed."""
        library = Library(self._file, _refuse)
        try:
            while not self._stopped.is_set():
                with suppress(BadInput):  # another writer keeps it busy; the next round comes soon
                    if not is_up_to_date(library):
                        self._update()
                self._stopped.wait(WATCH_EVERY_S)
        finally:
            library.close()

    def _update(self) -> None:
        command = (sys.executable, "-P", "-m", "stream.library.update", str(self._file), str(self._embedder_folder))
        nowhere, root = subprocess.DEVNULL, Path(__file__).parents[2]
        with subprocess.Popen(
            command, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True, cwd=root
        ) as process:
            while process.poll() is None:
                if self._stopped.wait(0.2):
                    process.terminate()
            if process.returncode and not self._stopped.is_set():
                log.warning("the documents of the library could not be read: exit code %d", process.returncode)


def _refuse(_texts: Sequence[str]) -> NDArray[np.float32]:
    raise AssertionError("the watching thread embeds nothing")
