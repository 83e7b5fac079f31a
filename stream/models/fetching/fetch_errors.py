"""The error of weights that cannot be had, and what a user can do about errors of the disk."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dialogue.errors import AssistantError


class WeightsError(AssistantError):
    """Weights are missing, damaged, or cannot be fetched."""


@contextmanager
def disk_errors_explained(place: Path) -> Iterator[None]:
    """Turn a disk's errors (full, read-only, no permission) into a WeightsError that names `place`."""
    try:
        yield
    except OSError as error:
        raise WeightsError(disk_error_message(error, place)) from error


def disk_error_message(error: OSError, place: Path) -> str:
    """What a user can do about `error`, which occurred below `place`."""
    elsewhere = "or set OMNILIVE_HOME to a folder elsewhere"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {place} is full; free some space {elsewhere}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"no permission to use {place}; make it readable and writable {elsewhere}"
    return f"could not use {place}: {error.strerror or error}; check that folder {elsewhere}"
