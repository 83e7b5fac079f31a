"""Calls between the page in real Chromium and the server that are lost, or attacked by strangers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from stream.runtime.events import ReplyEnded, ReplyText, UserCaption
from stream.session.said import Said
from tests.browser.page_fixtures import DEVICES, FAKE_DEVICES, FLAGS
from tests.ui.caller import House, house, peer_connection
from tests.ui.strangers import DATAGRAMS, send_to, until

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
    transports = [transport for call in calls for transport in peer_connection(call)._transports()]
    return [pair.local_addr for transport in transports for pair in transport.transport._connection._nominated.values()]


@asynccontextmanager
async def calling(
    tmp_path: Path, chromium: str, *, devices: bool = True, resume_s: float = 0.0
) -> AsyncIterator[tuple[House, Page]]:
    """A server and a page in a call with it. Without devices the browser hides the machine's addresses."""
    async with house(tmp_path, resume_s=resume_s) as server, async_playwright() as playwright:
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
            await peer_connection(running.call).close()
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


def test_a_lost_call_goes_on_with_its_session_and_no_word_comes_twice(tmp_path: Path, chromium_path: str) -> None:
    async def story() -> None:
        async with calling(tmp_path, chromium_path, resume_s=30.0) as (server, page):
            [session], [running] = server.sessions, server.calls._running.values()
            session.say(UserCaption(1, "Tell me a story.", final=True))
            session.say(ReplyText(1, "Once upon "))
            await page.wait_for_function("() => omnilive.turns.at(-1)?.reply?.text === 'Once upon '")
            await until(lambda: running.call.connected)
            await peer_connection(running.call).close()
            session.say(ReplyText(1, "a time."))
            await page.wait_for_selector("#captions .divider")
            session.say(ReplyEnded(1, "Once upon a time.", "Once upon a time.", cut=False))
            await page.wait_for_function("() => omnilive.turns.at(-1).reply.ended")
            turns = await page.evaluate("omnilive.turns.map(({user, reply}) => [user.text, reply.text, reply.cut])")
            assert turns == [["Tell me a story.", "Once upon a time.", False]]
            assert "goes on" in await page.inner_text("#captions .divider")
            assert server.sessions == [session]
            heard = len(session.heard())
            await until(lambda: len(session.heard()) > heard + 8000)

    asyncio.run(story())


def test_another_tab_takes_the_call_over(tmp_path: Path, chromium_path: str) -> None:
    async def story() -> None:
        async with calling(tmp_path, chromium_path, resume_s=30.0) as (server, page):
            [session] = server.sessions
            session.say(UserCaption(1, "Tell me a story.", final=True))
            session.say(ReplyText(1, "Once upon "))
            await page.wait_for_function("() => omnilive.turns.at(-1)?.reply?.text === 'Once upon '")
            await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
            await page.click("#settings-open")
            await page.click("#elsewhere")
            await page.wait_for_selector("[data-code=elsewhere]")
            link = await page.evaluate("navigator.clipboard.readText()")
            other = await page.context.new_page()
            await other.goto(link)
            await other.click("#start")
            await other.wait_for_selector("#state[data-state=listening]")
            await page.wait_for_selector("#state[data-state=stopped]")
            session.say(ReplyText(1, "a time."))
            session.say(ReplyEnded(1, "Once upon a time.", "Once upon a time.", cut=False))
            await other.wait_for_function("() => omnilive.turns.at(-1)?.reply?.ended")
            said = await other.evaluate("omnilive.turns.map(({user, reply}) => [user.text, reply.text])")
            assert said == [["Tell me a story.", "Once upon a time."]]
            assert "another device" in await page.inner_text("#notice")
            assert "call=" not in other.url and server.sessions == [session]
            await page.click("#start")  # a new call beside it
            await page.wait_for_selector("#state[data-state=listening]")
            assert len(server.sessions) == 2 and not session.closed.is_set()

    asyncio.run(story())


def test_a_page_gives_a_new_server_what_was_said(tmp_path: Path, chromium_path: str) -> None:
    async def story() -> None:
        async with calling(tmp_path, chromium_path) as (server, page):
            [session], [running] = server.sessions, server.calls._running.values()
            session.say(UserCaption(1, "My cat is called Momo.", final=True))
            session.say(ReplyText(1, "A nice name."))
            session.say(ReplyEnded(1, "A nice name.", "A nice name.", cut=False))
            await page.wait_for_function("() => omnilive.turns.at(-1)?.reply?.ended")
            await peer_connection(running.call).close()
            await page.wait_for_selector("#captions .divider")
            said = [Said(True, "My cat is called Momo."), Said(False, "A nice name.")]
            assert list(server.sessions[1].start.said) == said

    asyncio.run(story())


def test_a_page_shows_its_position_in_the_queue_and_enters_by_itself(tmp_path: Path, chromium_path: str) -> None:
    async def story() -> None:
        async with calling(tmp_path, chromium_path) as (server, page):
            server.calls.admission.capacity = 1
            waiting = await page.context.new_page()
            await waiting.goto(server.url)
            await waiting.wait_for_selector("html[data-ready]")
            await waiting.click("#start")
            await waiting.wait_for_selector("#state[data-state=busy]")
            assert "You are number 1 in the queue" in await waiting.inner_text("#notice")
            await page.click("#start")
            await waiting.wait_for_selector("#state[data-state=listening]", timeout=20_000)

    asyncio.run(story())
