"""A browser that answers late keeps its call; one that does not answer loses it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from aioice import ice as aioice
from aioice.ice import Connection
from aioice.stun import Class, Message

from ui.rtc import consent

Address = tuple[str, int]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    monkeypatch.setattr(consent, "EVERY_S", 0.05)
    monkeypatch.setattr(aioice, "CONSENT_INTERVAL", 1000.0)  # of the far end's own requests


async def connected() -> tuple[Connection, Connection]:
    """A server's connection with our requests for consent, and a browser's."""
    server, browser = Connection(ice_controlling=False), Connection(ice_controlling=True)
    setattr(server, "query_consent", partial(consent.keep_consent, server))  # noqa: B010 - as ice_gate does
    for here, there in ((server, browser), (browser, server)):
        await here.gather_candidates()
        for candidate in here.local_candidates:
            await there.add_remote_candidate(candidate)
        await there.add_remote_candidate(None)
        there.remote_username, there.remote_password = here.local_username, here.local_password
    await asyncio.gather(server.connect(), browser.connect())
    return server, browser


def answer_by(browser: Connection, send: Callable[[Callable[[], None]], None]) -> None:
    """Passes the sending of each of the browser's answers to `send`."""
    for protocol in browser._protocols:
        plain = protocol.send_stun

        def send_stun(message: Message, address: Address, plain: Callable[..., None] = plain) -> None:
            if message.message_class is Class.RESPONSE:
                send(partial(plain, message, address))
            else:
                plain(message, address)

        setattr(protocol, "send_stun", send_stun)  # noqa: B010


def test_answers_that_are_late_keep_the_call() -> None:
    """Six answers later than the half second that aioice waits for would have ended it."""

    async def story() -> None:
        server, browser = await connected()
        loop, answers, enough = asyncio.get_running_loop(), list[float](), asyncio.Event()

        def late(send: Callable[[], None]) -> None:
            loop.call_later(0.7, send)
            answers.append(loop.time())
            if len(answers) == 14:  # a request and its repetition have one each
                enough.set()

        answer_by(browser, late)
        async with asyncio.timeout(60.0):
            await enough.wait()
        await server.send(b"still here")
        assert await browser.recv() == b"still here"
        await asyncio.gather(server.close(), browser.close())

    asyncio.run(story())


def test_a_browser_that_does_not_answer_loses_its_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "RETRANSMISSIONS", 1)

    async def story() -> None:
        server, browser = await connected()
        answer_by(browser, lambda send: None)
        async with asyncio.timeout(60.0):
            with pytest.raises(ConnectionError):
                await server.recv()
        await browser.close()

    asyncio.run(story())
