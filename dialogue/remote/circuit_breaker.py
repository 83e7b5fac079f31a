"""Keeps sessions from waiting for a server that is down: after several failures in a row nobody asks it for a while.

Shared by the sessions of one server. When the rest is over, one request tries it; the others go on without it until
that has succeeded. Pure: the time comes in as seconds of any steady clock.
"""

from __future__ import annotations

FAILURES = 2
REST_S = 30.0


class CircuitBreaker:
    """Closed: requests go through. Open: none does, for REST_S after the last failure, or longer if the server asks."""

    def __init__(self, failures: int = FAILURES, rest_s: float = REST_S) -> None:
        self._most, self._rest_s = failures, rest_s
        self._failures = 0
        self._open_until = 0.0

    def lets_through(self, now: float) -> bool:
        """Whether to ask the server. While it is open, only one request each REST_S."""
        if self._failures < self._most:
            return True
        if now < self._open_until:
            return False
        self._open_until = now + self._rest_s
        return True

    def failed(self, now: float, after_s: float | None = None) -> None:
        """A request failed; the server asks to wait `after_s`."""
        self._failures += 1
        if after_s is not None and after_s > self._rest_s:
            self._failures = max(self._failures, self._most)
        self._open_until = now + max(self._rest_s, min(after_s or 0.0, 10 * self._rest_s))

    def succeeded(self) -> None:
        self._failures = 0
