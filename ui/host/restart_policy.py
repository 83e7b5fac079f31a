"""Decides whether a server process that ended is started again, and when. Pure: times are parameters."""

from __future__ import annotations

import signal
from collections import deque

MOST_RESTARTS = 5
WITHIN_S = 600.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.0, 30.0
SHORT_LIFE_S = 60.0  # a process that ends sooner is started again after a longer wait

EXIT_OK, EXIT_BAD_INPUT, EXIT_INTERRUPTED = 0, 2, 130  # with these codes a process has ended on purpose


class RestartPolicy:
    """At most MOST_RESTARTS within WITHIN_S; the first one at once, later ones after a wait that doubles."""

    def __init__(self) -> None:
        self._restarts: deque[float] = deque()
        self._wait_s = FIRST_WAIT_S

    def wait_s(self, now: float, lived_s: float) -> float | None:
        """Seconds to wait before the next start of a process that lived for `lived_s`; None to give up."""
        while self._restarts and now - self._restarts[0] > WITHIN_S:
            self._restarts.popleft()
        if len(self._restarts) >= MOST_RESTARTS:
            return None
        wait_s = FIRST_WAIT_S if lived_s >= SHORT_LIFE_S or not self._restarts else max(1.0, 2 * self._wait_s)
        self._wait_s = min(wait_s, LONGEST_WAIT_S)
        self._restarts.append(now + self._wait_s)
        return self._wait_s


def ended_on_purpose(code: int) -> bool:
    """Whether an exit code (negative for a signal, as in subprocess) is not a failure of the program."""
    return code in (EXIT_OK, EXIT_BAD_INPUT, EXIT_INTERRUPTED)


def ending(code: int) -> str:
    """How a process ended, in words: "by SIGSEGV", "with exit code 1"."""
    if code >= 0:
        return f"with exit code {code}"
    try:
        return f"by {signal.Signals(-code).name}"
    except ValueError:
        return f"by signal {-code}"
