"""Log records of one kind are limited."""

from __future__ import annotations

import logging

import pytest

from ui.host.log_limits import EVERY_S, MOST_KINDS, LogLimit


class LogClock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> LogClock:
    return LogClock()


@pytest.fixture
def limited(clock: LogClock, caplog: pytest.LogCaptureFixture) -> logging.Logger:
    caplog.set_level(logging.INFO)
    logger = logging.Logger("limited")
    logger.addFilter(LogLimit(now=clock))
    logger.addHandler(caplog.handler)
    return logger


def test_the_first_record_passes_and_later_ones_are_counted(
    limited: logging.Logger, clock: LogClock, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(1000):
        limited.warning("a packet of %d bytes was odd", number)
    assert caplog.messages == ["a packet of 0 bytes was odd"]
    clock.now += EVERY_S
    limited.warning("a packet of %d bytes was odd", 7)
    assert caplog.messages[1:] == ["a packet of 7 bytes was odd (999 more of this kind in the last 10 s)"]
    clock.now += EVERY_S
    limited.warning("a packet of %d bytes was odd", 8)
    assert caplog.messages[2:] == ["a packet of 8 bytes was odd"]


def test_levels_exceptions_and_texts_make_kinds_but_numbers_do_not(
    limited: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    for text in ("handle 0x7f3a of 12\n  File one", "handle 0x99 of 3\n  File two", "another handle"):
        limited.warning(text)
    limited.error("another handle")
    for error in (ValueError(), KeyError()):
        limited.error("another handle", exc_info=error)
    assert len(caplog.records) == 5


def test_the_number_of_kinds_is_bounded(limited: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(3 * MOST_KINDS):
        limited.warning("kind " + "x" * (number % 190) + "y" * (number // 190))
    assert len(caplog.records) == MOST_KINDS + 1
