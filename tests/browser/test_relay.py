"""A page that cannot send UDP to the server calls through a TURN server, coturn, over TCP."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from tests.browser.page_fixtures import DEVICES, FAKE_DEVICES
from tests.ui.caller import house
from ui.rtc.ice_servers import IceServers

SECRET = "a secret that both servers share"
# A browser with this policy sends nothing to the server itself, as behind a firewall.
RELAY_ALONE = """
const Original = RTCPeerConnection;
globalThis.RTCPeerConnection = class extends Original {
  constructor(configuration) {
    super({ ...configuration, iceTransportPolicy: "relay" });
    globalThis.lastConnection = this;
  }
};
"""
CHOSEN = """async () => {
  const stats = [...(await lastConnection.getStats()).values()];
  const pair = stats.find((each) => each.type === "candidate-pair" && each.nominated);
  return stats.find((each) => each.id === pair?.localCandidateId);
}"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@asynccontextmanager
async def coturn(tmp_path: Path) -> AsyncIterator[int]:
    """A TURN server on loopback that takes TCP alone from its clients. Yields its port."""
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("no TURN server to call through: install the package coturn")
    port = free_port()
    options = [
        *("-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={port}", "--realm=house"),
        *("--use-auth-secret", f"--static-auth-secret={SECRET}", "--no-udp", "--no-tls", "--no-dtls", "--no-cli"),
        *("--allow-loopback-peers", "--fingerprint", f"--log-file={tmp_path / 'turn.log'}", "--simple-log"),
        *(f"--pidfile={tmp_path / 'turn.pid'}", f"--userdb={tmp_path / 'turn.db'}"),
    ]
    serving = await asyncio.create_subprocess_exec(
        program, *options, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        yield port
    finally:
        serving.kill()
        await serving.wait()


def test_a_page_without_udp_to_the_server_calls_through_a_relay(tmp_path: Path, chromium_path: str) -> None:
    async def story() -> None:
        async with coturn(tmp_path) as port, house(tmp_path) as server, async_playwright() as playwright:
            server.service.state.ice = IceServers((f"turn:127.0.0.1:{port}?transport=tcp",), SECRET)
            browser = await playwright.chromium.launch(executable_path=chromium_path, args=FAKE_DEVICES)
            page = await (await browser.new_context(permissions=DEVICES)).new_page()
            await page.add_init_script(RELAY_ALONE)
            await page.goto(server.url)
            await page.wait_for_selector("html[data-ready]")
            await page.click("#start")
            await page.wait_for_selector("#state[data-state=listening]", timeout=20_000)
            chosen = await page.evaluate(CHOSEN)
            assert (chosen["candidateType"], chosen["relayProtocol"]) == ("relay", "tcp")
            async with asyncio.timeout(10):
                while not server.sessions[0].heard().any():  # noqa: ASYNC110 - a session that remembers has no event
                    await asyncio.sleep(0.1)
            await browser.close()

    asyncio.run(story())
