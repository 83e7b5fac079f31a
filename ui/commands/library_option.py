"""--library: answers from the documents of `omnilive library` in calls."""

from __future__ import annotations

LIBRARY_FILE = "library.sqlite"
