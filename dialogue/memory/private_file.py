"""Makes files of data bases that only their owner may read."""

from __future__ import annotations

import os
from pathlib import Path


def make_private(path: Path) -> None:
    """Makes the file with mode 600, or takes the rights of others away. SQLite gives its other files the same mode.

    Raises OSError where that cannot be done.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
