"""Ends a server process in order on a signal, and at once where that takes too long."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
END_WITHIN_S = 4.8
EXIT_HUNG = 71  # EX_OSERR: something did not end


def signals_to_take() -> list[signal.Signals]:
    """SIGNALS, without SIGHUP where it is ignored, as nohup does."""
    ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    return [number for number in SIGNALS if number != signal.SIGHUP or not ignored]


@contextmanager
def stopped_by_signals(stop: asyncio.Event, drain_s: float = 0.0) -> Iterator[None]:
    """The first signal sets `stop`; a second one ends the process at once, and so does the time after the first one:
    `drain_s` and END_WITHIN_S."""

    asked = False

    def stop_at_once(number: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            os._exit(128 + number)
        asked = True
        deadline.start()
        loop.call_soon_threadsafe(stop.set)

    loop = asyncio.get_running_loop()
    deadline = threading.Timer(drain_s + END_WITHIN_S, os._exit, (EXIT_HUNG,))
    deadline.daemon = True
    before = {number: signal.signal(number, stop_at_once) for number in signals_to_take()}
    try:
        yield
    finally:
        deadline.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
