"""The library of a server: searches it for all calls on one thread, and keeps it up to date in a process of its own.

Every WATCH_EVERY_S seconds the files are compared with the index. Where something has changed a process with the lowest
priority reads it, so that calls go on as before; it is ended with the service, and goes on where it stopped next time.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialogue.errors import BadInput
from dialogue.library.library import Library
from dialogue.library.passage import Found
from stream.library.indexing import is_up_to_date
from stream.library.library_models import ModelFolders
from stream.runtime.device_thread import DeviceThread

log = logging.getLogger(__name__)

WATCH_EVERY_S = 20.0
SHOWN = "shown documents"  # a folder beside the index: what was dropped on the page


class LibraryService:
    """`search` may be awaited by any session. Raises BadInput for a file that cannot be a library, OSError."""

    def __init__(self, file: Path, folders: ModelFolders) -> None:
        """Blocking: opens the index and its models."""
        self._file, self._folders = file, folders
        self._library = Library(file, models := folders.opened())
        self._unasked = replace(models, passages=_refuse, question=_refuse, rerank=None)
        self._library.search("warm up")
        self._thread = DeviceThread("library")
        self._stopped, self._changed = threading.Event(), threading.Event()
        self._watch = threading.Thread(target=self._watching, name="library-watch", daemon=True)
        self._watch.start()

    async def search(self, question: str) -> list[Found]:
        return await self._thread.run(self._library.search, question)

    async def take(self, document: Path) -> None:
        """Keeps a copy of a document that was shown in a call, in place of an older one of its name, and has it read.

        Raises BadInput where the disk or the index refuses."""
        try:
            await self._thread.run(self._take, document)
        except OSError as error:
            raise BadInput(f"{document.name} could not be kept in the library: {error.strerror}.") from error
        self._changed.set()

    def _take(self, document: Path) -> None:
        folder = self._file.parent / SHOWN
        folder.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(document, folder / document.name)
        self._library.add_root(folder)

    def close(self) -> None:
        """Ends the threads, and the process that reads."""
        self._stopped.set()
        self._changed.set()
        self._watch.join()
        self._thread.close()
        self._library.close()

    def _watching(self) -> None:
        """Compares and updates until the service is closed."""
        library = Library(self._file, self._unasked)
        try:
            while not self._stopped.is_set():
                with suppress(BadInput):  # another writer keeps it busy; the next round comes soon
                    if not is_up_to_date(library):
                        self._update()
                self._changed.wait(WATCH_EVERY_S)
                self._changed.clear()
        finally:
            library.close()

    def _update(self) -> None:
        command = (sys.executable, "-P", "-m", "stream.library.update", str(self._file), *self._folders.as_arguments())
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
