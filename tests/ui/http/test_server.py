"""The server over HTTP: access, refusals, start and shutdown.

Also tests `routes.py`, `ui/call/path_request.py`, `ui/host/request_body.py`, `ui/rtc/warm_up.py` and `web_server.py`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest

from dialogue.errors import AssistantError
from stream.models.setup import Setup
from stream.session.session_start import SessionStart
from tests.ui.caller import SETUP, Caller, NoModels, RememberingSession, house
from tests.ui.tracks import Tone
from ui.http.routes import LONGEST_BODY
from ui.http.server import serve

TOKEN = "a-token-for-the-tests"


def open_session(name: str, _parts: NoModels, _setup: Setup, start: SessionStart) -> RememberingSession:
    return RememberingSession(name, start)


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def error(response: httpx.Response) -> tuple[int, str]:
    body = response.json()
    assert body["error"]["message"].endswith((".", "line", "sound", "text")) or len(body["error"]["message"]) > 20
    return response.status_code, body["error"]["code"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[1, 2]",
        b'"offer"',
        b"[" * 100_000,
        b'{"sdp": 7, "type": "offer"}',
        b'{"sdp": "v=0", "type": "answer"}',
        b'{"sdp": "hello", "type": "offer"}',
        b'{"type": "offer"}',
        b"\xff\xfe\x00",
    ],
)
def test_an_invalid_offer_is_refused_and_takes_no_slot(tmp_path: Path, body: bytes) -> None:
    async def story() -> None:
        async with house(tmp_path) as server:
            assert error(await server.client.post("/call", content=body)) == (400, "bad_offer")
            assert server.calls.admission.taken == 0
            assert 'omnilive_errors_total{code="bad_offer"} 1.0' in (await server.client.get("/metrics")).text

    run(story())


def test_an_offer_without_sound_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, ()) as caller:
            caller.connection.addTransceiver("video", "sendonly")
            refused = await caller.post()
            assert error(refused) == (400, "bad_offer")
            assert "no audio" in refused.json()["error"]["message"]

    run(story())


def test_an_offer_that_breaks_the_library_is_refused_and_takes_no_slot(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            sdp = await caller.offer()
            for damaged in (sdp.replace("a=mid:0", "a=mid:7"), sdp.replace("opus/48000/2", "opus/8000")):
                response = await server.client.post("/call", json={"sdp": damaged, "type": "offer"})
                assert error(response) == (400, "bad_offer")
            assert server.calls.admission.taken == 0
            await caller.call()

    run(story())


@pytest.mark.parametrize("announced", [True, False])
def test_ten_megabytes_are_not_read(tmp_path: Path, announced: bool) -> None:
    async def parts() -> Any:
        for _ in range(160):
            yield b"x" * 65_536

    async def story() -> None:
        async with house(tmp_path) as server:
            content = b"x" * (10 * 1024 * 1024) if announced else parts()
            assert error(await server.client.post("/call", content=content)) == (413, "too_large")
            assert error(await server.client.post("/call", content=b" " * LONGEST_BODY)) == (400, "bad_offer")

    run(story())


def test_every_answer_has_security_headers(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server:
            for path in ("/", "/page/app.js", "/healthz", "/nothing"):
                headers = (await server.client.get(path)).headers
                assert "default-src 'self'" in headers["content-security-policy"]
                assert "unsafe" not in headers["content-security-policy"]
                assert "camera=(self), microphone=(self)" in headers["permissions-policy"]
                assert headers["x-content-type-options"] == "nosniff"
                assert headers["cache-control"] == ("no-cache" if path in ("/", "/page/app.js") else "no-store")
                assert "server" not in headers

    run(story())


def test_unknown_pages_and_methods_are_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server:
            assert error(await server.client.get("/nothing")) == (404, "no_such_page")
            assert error(await server.client.get("/page/../server.py")) == (404, "no_such_page")
            assert error(await server.client.get("/page/%2e%2e/server.py")) == (404, "no_such_page")
            assert error(await server.client.get("/call")) == (405, "no_such_page")
            assert error(await server.client.get("/docs")) == (404, "no_such_page")

    run(story())


def test_on_loopback_only_the_servers_own_name_and_origin_are_served(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server:
            port = httpx.URL(server.url).port
            assert port is not None
            get, post = server.client.get, server.client.post
            for host in ("evil.example", f"evil.example:{port}", "", "127.0.0.1.evil.example", "[::1"):
                assert error(await get("/healthz", headers={"Host": host})) == (403, "host")
            for host in (f"localhost:{port}", "127.0.0.1", f"[::1]:{port}", "LOCALHOST"):
                assert (await get("/healthz", headers={"Host": host})).status_code == 200
            for origin in ("https://evil.example", "null", f"http://localhost:{port + 1}", f"http://localhost:{port}"):
                assert error(await post("/call", content=b"{}", headers={"Origin": origin})) == (403, "origin")
            assert error(await post("/call", content=b"{}", headers={"Origin": server.url})) == (400, "bad_offer")

    run(story())


def test_without_the_token_only_the_page_and_healthz_are_served(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, token=TOKEN) as server, Caller(server.client, (Tone(),)) as caller:
            for path in ("/", "/page/app.js", "/healthz"):
                assert (await server.client.get(path)).status_code == 200
            for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
                assert error(await server.client.get("/metrics", headers=header)) == (401, "token")
                refused = await server.client.post("/call", json={}, headers=header)
                assert error(refused) == (401, "token")
                assert refused.headers["www-authenticate"] == "Bearer"
            server.client.headers["Authorization"] = f"Bearer {TOKEN}"
            assert (await server.client.get("/metrics")).status_code == 200
            await caller.call()

    run(story())


def test_off_loopback_it_serves_https_with_its_certificate(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, host="0.0.0.0", token=TOKEN) as server:
            assert server.url.startswith("https://")
            trusting = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
            trusting.verify_flags &= ~ssl.VERIFY_X509_STRICT
            async with httpx.AsyncClient(verify=trusting) as client:
                assert (await client.get(f"{server.url}/healthz")).json()["status"] == "ok"
                with pytest.raises(httpx.TransportError):
                    await client.get(f"{server.url.replace('https', 'http')}/healthz")

    run(story())


def test_a_certificate_that_cannot_be_stored_is_an_error_with_advice(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    async def opened() -> NoModels:
        return NoModels()

    with pytest.raises(AssistantError, match=r"The certificate for HTTPS cannot be stored: .* OMNILIVE_HOME"):
        asyncio.run(serve(SETUP, opened, "0.0.0.0", 0, cache_dir=tmp_path / "file"))


def test_while_the_models_load_the_page_is_served_and_calls_are_refused(tmp_path: Path) -> None:
    async def story() -> None:
        opening = asyncio.Event()
        async with house(tmp_path, opening=opening) as server, Caller(server.client, (Tone(),)) as caller:
            assert (await server.client.get("/")).status_code == 200
            health = await server.client.get("/healthz")
            assert (health.status_code, health.json()["status"]) == (503, "starting")
            refused = await caller.post()
            assert error(refused) == (503, "starting")
            assert int(refused.headers["retry-after"]) > 0
            opening.set()
            async with asyncio.timeout(5):
                while (await server.client.get("/healthz")).status_code != 200:  # noqa: ASYNC110 - as a load balancer would
                    await asyncio.sleep(0.02)
            await caller.call()
            reported = (await server.client.get("/healthz")).json()
            assert {**reported, "version": ""} == {
                "status": "ok",
                "setup": "test",
                "sessions": 1,
                "capacity": 2,
                "version": "",
            }

    run(story())


def test_a_server_stopped_while_loading_stops(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, opening=asyncio.Event()) as server:
            await server.stop()
            assert not server.parts.closed

    run(story())


def test_models_that_cannot_be_loaded_end_the_server_with_their_error(tmp_path: Path) -> None:
    async def broken() -> NoModels:
        raise AssistantError("Fetch the weights first.")

    with pytest.raises(AssistantError, match="Fetch the weights first"):
        asyncio.run(serve(SETUP, broken, "127.0.0.1", 0, cache_dir=tmp_path, open_session=open_session))


def test_a_cancelled_server_ends_in_order(tmp_path: Path) -> None:
    async def story() -> None:
        parts, urls = NoModels(), list[str]()

        async def opened() -> NoModels:
            return parts

        serving = asyncio.create_task(
            serve(
                SETUP,
                opened,
                "0.0.0.0",
                0,
                cache_dir=tmp_path,
                on_ready=urls.append,
                open_session=open_session,
            )
        )
        async with asyncio.timeout(10):
            while not urls:  # noqa: ASYNC110 - a callback of the server
                await asyncio.sleep(0.02)
        url, token = urls[0].split("#token=")
        assert len(token) >= 32
        async with (
            httpx.AsyncClient(base_url=url, verify=False, headers={"Authorization": f"Bearer {token}"}) as client,
            Caller(client, (Tone(),)) as caller,
        ):
            await caller.call()
            serving.cancel()
            await asyncio.wait({serving})
            assert serving.cancelled()
            assert (await caller.message("bye", 1.0))["reason"] == "the server is shutting down"
            assert parts.closed

    run(story())
