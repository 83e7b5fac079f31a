"""A filter for loggers and handlers: the first record of a kind passes, then one every ten seconds with a count.

For what strangers can cause as often as they like: without a limit, a flood of packets becomes a flood of log.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

EVERY_S = 10.0
MOST_KINDS = 256  # what is of more kinds than these shares one
VARYING = re.compile(r"0x[0-9a-fA-F]+|\d+")
LONGEST_KIND = 200  # characters

Kind = tuple[str, int, str, str]


@dataclass(slots=True)
class _Seen:
    passed_at: float
    held_back: int = 0


def kind_of(record: logging.LogRecord) -> Kind:
    """Logger, level, exception, and the first line of the unformatted message with its numbers taken out."""
    text = VARYING.sub("#", str(record.msg).partition("\n")[0][:LONGEST_KIND])
    error = record.exc_info[0] if record.exc_info else None
    return record.name, record.levelno, error.__name__ if error else "", text


class LogLimit(logging.Filter):
    """Thread-safe. A record that passes after others were held back says how many those were.

    Messages that differ only in their arguments or in numbers are of one kind, so arguments belong in `args`.
    """

    def __init__(self, every_s: float = EVERY_S, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._every_s, self._now = every_s, now
        self._seen: dict[Kind, _Seen] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        kind, now = kind_of(record), self._now()
        with self._lock:
            if kind not in self._seen and len(self._seen) >= MOST_KINDS:
                kind = ("", 0, "", "")
            seen = self._seen.get(kind)
            if seen is not None and now - seen.passed_at < self._every_s:
                seen.held_back += 1
                return False
            self._seen[kind] = _Seen(now)
        if seen is not None and seen.held_back:
            since = now - seen.passed_at
            record.msg = f"{record.getMessage()} ({seen.held_back} more of this kind in the last {since:.0f} s)"
            record.args = None
        return True
