"""Requests are sent again while no word has come, and a server that is down is left alone for a while.

Also tests `circuit_breaker.py`.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

import pytest

from dialogue.errors import AssistantError, BadInput, EngineLost
from dialogue.remote.chat_server import ChatServer
from dialogue.remote.circuit_breaker import CircuitBreaker
from dialogue.remote.retries import LONGEST_PAUSE_S, PAUSE_S, TRIES, Unavailable, pause_before, retry_after
from tests.dialogue.remote.faulty_server import (
    DIES_AFTER_THE_FIRST_WORD,
    DIES_BEFORE_THE_FIRST_WORD,
    GARBAGE,
    GOOD,
    HANGS,
    HANGS_AFTER_HEADERS,
    FaultyServer,
    faulty_server,
    refused,
)

KEY = "sk-0123456789"


def asked(*script: bytes, first_s: float = 5.0) -> tuple[str, AssistantError | None, FaultyServer]:
    """What came of one request: the words, the error, the server."""

    async def story() -> tuple[str, AssistantError | None, FaultyServer]:
        async with faulty_server(*script) as faulty:
            server, words = ChatServer(faulty.url, "any", api_key=KEY, first_s=first_s), ""
            try:
                async for text in server.reply(lambda model: {"model": model}):
                    words += text
            except AssistantError as error:
                return words, error, faulty
            finally:
                await server.close()
            return words, None, faulty

    return asyncio.run(story())


@pytest.mark.parametrize(
    "fault",
    [
        DIES_BEFORE_THE_FIRST_WORD,
        refused(429, "slow down", Retry_After="0"),
        refused(503, "loading the model"),
        refused(500, "oops"),
    ],
    ids=["dies", "429", "503", "500"],
)
def test_a_failure_before_the_first_word_is_tried_again(fault: bytes) -> None:
    words, error, faulty = asked(fault, fault, GOOD)
    assert (words, error, len(faulty.requests)) == ("Hello there.", None, 3)


def test_tries_are_few() -> None:
    words, error, faulty = asked(refused(503, "loading"))
    assert (words, len(faulty.requests)) == ("", TRIES)
    assert isinstance(error, Unavailable)


def test_after_the_first_word_nothing_is_sent_again() -> None:
    words, error, faulty = asked(DIES_AFTER_THE_FIRST_WORD, GOOD)
    assert (words, len(faulty.requests)) == ("Hello", 1)
    assert isinstance(error, EngineLost) and not isinstance(error, Unavailable)


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (refused(401, f"Incorrect API key provided: {KEY}"), EngineLost, "refused the API key with status 401"),
        (refused(403, "not for you"), EngineLost, "refused the API key with status 403"),
        (refused(404, "no such model"), EngineLost, "no such model"),
        (GARBAGE, BadInput, "something other than an event stream"),
    ],
)
def test_what_will_not_pass_is_not_tried_again(fault: bytes, kind: type[AssistantError], says: str) -> None:
    _, error, faulty = asked(fault, GOOD)
    assert len(faulty.requests) == 1
    assert isinstance(error, kind) and says in str(error)
    assert KEY not in str(error), "servers repeat the key, and a page shows the error"
    assert f"Bearer {KEY}".encode() in faulty.requests[0]


def test_a_server_that_asks_for_a_long_wait_is_not_waited_for() -> None:
    began = time.perf_counter()
    _, error, faulty = asked(refused(429, "busy", Retry_After="30"), GOOD)
    assert isinstance(error, Unavailable)
    assert (error.after_s, len(faulty.requests)) == (30.0, 1)
    assert time.perf_counter() - began < LONGEST_PAUSE_S


@pytest.mark.parametrize("fault", [HANGS, HANGS_AFTER_HEADERS])
def test_a_server_that_hangs_is_given_up_at_the_first_words_deadline(fault: bytes) -> None:
    _, error, faulty = asked(fault, first_s=0.5)
    assert len(faulty.requests) == 1
    assert "has not begun to answer within" in str(error)


def test_leaving_a_reply_frees_the_server() -> None:
    async def story() -> None:
        async with faulty_server(HANGS_AFTER_HEADERS) as faulty:
            server = ChatServer(faulty.url, "any")
            waiting = asyncio.create_task(first(server))
            while not faulty.requests:  # noqa: ASYNC110 - the server has nothing to await
                await asyncio.sleep(0.01)
            waiting.cancel()
            async with asyncio.timeout(5):
                await faulty.left.wait()
            await server.close()

    async def first(server: ChatServer) -> str:
        return await anext(server.reply(lambda model: {"model": model}))

    asyncio.run(story())


def test_pauses_grow_and_a_server_may_set_them() -> None:
    assert [pause_before(attempt, Unavailable("")) for attempt in (1, 2, 3)] == [PAUSE_S, 2 * PAUSE_S, None]
    assert pause_before(1, Unavailable("", 2.0)) == 2.0
    assert pause_before(1, Unavailable("", 60.0)) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        (None, None),
        ("soon", None),
        ("-1", None),
        ("9" * 400, 999_999_999.0),
    ],
)
def test_a_retry_after_header_is_read(header: str | None, seconds: float | None) -> None:
    now = datetime.fromisoformat("2026-03-01T12:00:00+00:00").timestamp()
    assert retry_after(header, now) == seconds


def test_a_breaker_opens_after_failures_in_a_row_and_tries_one_request_later() -> None:
    breaker = CircuitBreaker(failures=2, rest_s=30.0)
    breaker.failed(0.0)
    breaker.succeeded()
    breaker.failed(1.0)
    assert breaker.lets_through(2.0)
    breaker.failed(2.0)
    assert [breaker.lets_through(now) for now in (3.0, 31.9, 32.0, 32.1)] == [False, False, True, False]
    breaker.failed(33.0)
    assert [breaker.lets_through(now) for now in (34.0, 63.0)] == [False, True]
    breaker.succeeded()
    assert breaker.lets_through(63.1)


def test_a_breaker_opens_at_once_for_a_server_that_asks_for_a_long_wait() -> None:
    breaker = CircuitBreaker(failures=2, rest_s=30.0)
    breaker.failed(0.0, after_s=120.0)
    assert [breaker.lets_through(now) for now in (31.0, 119.0, 120.0)] == [False, False, True]
