"""When a request to a chat server is sent again: after failures that may pass, and never once words have come. Pure."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from dialogue.errors import EngineLost

TRIES = 3
PAUSE_S = 0.3  # before the second try, doubled for the third
LONGEST_PAUSE_S = 3.0  # a server that asks for more is not waited for: somebody waits for the answer
# Too many requests, broken, bad gateway, no capacity, gateway timeout.
MAY_PASS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


class Unavailable(EngineLost):
    """The server did not answer, and may answer later. `after_s`: how long it asks to wait."""

    def __init__(self, words: str, after_s: float | None = None) -> None:
        super().__init__(words)
        self.after_s = after_s


class Refused(EngineLost):
    """The server refuses this request, with an HTTP `status`."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


def pause_before(attempt: int, lost: Unavailable) -> float | None:
    """Seconds before try number `attempt` (the second is 1); None where there is none."""
    if attempt >= TRIES:
        return None
    pause: float = PAUSE_S * 2 ** (attempt - 1) if lost.after_s is None else max(lost.after_s, 0.0)
    return pause if pause <= LONGEST_PAUSE_S else None


def retry_after(header: str | None, now: float) -> float | None:
    """The seconds in a Retry-After header, which holds them or a date; None for anything else. `now`: Unix time."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header.strip()[:9])
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
