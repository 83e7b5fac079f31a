"""Calls between the page in real Chromium and the server that are lost, or attacked by strangers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from tests.browser.page_fixtures import DEVICES, FAKE_DEVICES, FLAGS
from tests.ui.caller import House, house
from tests.ui.strangers import DATAGRAMS, send_to

AT_ONCE_MS = 1000  # browsers alone notice after 5 to 10 s
WATCH = """() => {
  const state = document.querySelector("#state");
  window.states = [[performance.now(), state.dataset.state]];
  const look = () => states.push([performance.now(), state.dataset.state]);
  new MutationObserver(look).observe(state, { attributeFilter: ["data-state"] });
}"""


def nominated(server: House) -> list[tuple[str, int]]:
    """The sockets of the server's calls."""
    calls = [running.call for running in server.calls._running.values()]
    transports = [transport for call in calls for transport in call._line.connection._transports()]
    return [pair.local_addr for transport in transports for pair in transport.transport._connection._nominated.values()]


@asynccontextmanager
async def calling(tmp_path: Path, chromium: str, *, devices: bool = True) -> AsyncIterator[tuple[House, Page]]:
    """A server and a page in a call with it. Without devices the browser hides the machine's addresses."""
    async with house(tmp_path) as server, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FAKE_DEVICES if devices else FLAGS)
        context = await browser.new_context(permissions=DEVICES if devices else [])
        page = await context.new_page()
        page.set_default_timeout(10_000)
        await page.goto(server.url)
        await page.wait_for_selector("html[data-ready]")
        await page.click("#start")
        await page.wait_for_selector("#state[data-state=listening]")
        yield server, page
        await browser.close()


@pytest.mark.parametrize("devices", [True, False])
def test_a_browser_on_this_machine_reaches_the_loopback_address(
    tmp_path: Path, chromium_path: str, devices: bool
) -> None:
    async def story() -> None:
        async with calling(tmp_path, chromium_path, devices=devices) as (server, _):
            [(host, _)] = nominated(server)
            assert ip_address(host).is_loopback

    asyncio.run(story())


def test_a_call_that_the_server_has_lost_is_made_again_at_once(tmp_path: Path, chromium_path: str) -> None:
    async def story() -> None:
        async with calling(tmp_path, chromium_path) as (server, page):
            await page.evaluate(WATCH)
            [running] = server.calls._running.values()
            lost_at = await page.evaluate("performance.now()")
            await running.call._line.connection.close()
            await page.wait_for_function("() => states.at(-1)[1] === 'listening' && states.length > 1")
            [(_, before), (shown_at, shown), *_] = await page.evaluate("states")
            assert (before, shown) == ("listening", "reconnecting")
            assert shown_at - lost_at < AT_ONCE_MS
            assert [session.reason for session in server.sessions] == ["the connection was lost", ""]

    asyncio.run(story())


def test_strangers_do_not_disturb_the_page(tmp_path: Path, chromium_path: str) -> None:
    async def story() -> None:
        async with calling(tmp_path, chromium_path) as (server, page):
            await page.evaluate(WATCH)
            [session] = server.sessions
            for data in DATAGRAMS.values():
                send_to(nominated(server), data)
                heard = len(session.heard())
                async with asyncio.timeout(5):
                    while len(session.heard()) < heard + 3200:  # noqa: ASYNC110 - the session has nothing to await
                        await asyncio.sleep(0.02)
            assert [state for _, state in await page.evaluate("states")] == ["listening"]

    asyncio.run(story())
