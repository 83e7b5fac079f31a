"""Files that pages show in their calls: received in pieces, within limits, into a folder of the server's own."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path

from dialogue.errors import AssistantError, BadInput
from stream.runtime.shown import MOST_FILE_BYTES

MOST_BYTES_OF_CALL = 600_000_000  # of files that a call has not taken in yet
LONGEST_NAME = 100  # characters
WRITE_BYTES = 1 << 20


class UploadTooLarge(AssistantError):
    """The file is not taken; the message says what to do."""


class Uploads:
    """The folder of one server; `close` removes it. A session removes each file that it has taken in."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="omnilive-shown-"))

    async def save(self, call: str, number: int, name: str, announced: int, body: AsyncIterator[bytes]) -> Path:
        """Writes the body to a file with the user's `name`. Raises UploadTooLarge, BadInput for an empty file, and what
        `body` raises; the file is gone then."""
        await asyncio.to_thread(self._check, call, announced)
        folder = self._folder / call / str(number)
        path = folder / safe_name(name)
        try:
            size = await self._write(path, body)
            if not size:
                raise BadInput(f"{path.name} is empty.")
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, folder, True)
            raise
        return path

    async def forget(self, call: str) -> None:
        """Removes what is left of a call that is over."""
        await asyncio.to_thread(shutil.rmtree, self._folder / call, True)

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _check(self, call: str, announced: int) -> None:
        if announced > MOST_FILE_BYTES:
            raise _too_large()
        waiting = sum(path.stat().st_size for path in (self._folder / call).rglob("*") if path.is_file())
        if waiting + announced > MOST_BYTES_OF_CALL:
            raise UploadTooLarge("Too much is waiting to be looked at. Send it again in a moment.")

    async def _write(self, path: Path, body: AsyncIterator[bytes]) -> int:
        await asyncio.to_thread(path.parent.mkdir, parents=True)
        size, pieces = 0, bytearray()
        with path.open("wb") as file:
            async for piece in body:
                size += len(piece)
                if size > MOST_FILE_BYTES:
                    raise _too_large()
                pieces += piece
                if len(pieces) >= WRITE_BYTES:
                    await asyncio.to_thread(file.write, bytes(pieces))
                    pieces.clear()
            await asyncio.to_thread(file.write, bytes(pieces))
        return size


def safe_name(name: str) -> str:
    """The last part of a file's name, without what could lead elsewhere or is not visible."""
    last = name.replace("\\", "/").rpartition("/")[2]
    visible = "".join(letter for letter in last if not unicodedata.category(letter).startswith("C")).strip(" .")
    stem, dot, suffix = visible.rpartition(".")
    if not dot:
        stem, suffix = visible, ""
    return f"{stem[:LONGEST_NAME].strip() or 'file'}{dot and '.'}{suffix[:10]}"


def _too_large() -> UploadTooLarge:
    return UploadTooLarge(
        f"The file is too large: at most {MOST_FILE_BYTES // 1_000_000} MB. Send a smaller or shorter one."
    )
