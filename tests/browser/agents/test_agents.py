"""OpenAI's agent framework in Chromium, on a page of another site: a question by voice, an answer by voice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from tests.browser.call_fixtures import GREY, Studio
from tests.browser.served import ServerProcess
from tests.ui.static_site import static_site

FOLDER = Path(__file__).parent
BUNDLE = FOLDER / "node_modules/@openai/agents-realtime/realtime.js"
WITHIN_MS = 60_000


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Another site, which serves the page."""
    if not BUNDLE.exists():
        pytest.skip("needs the package of install/test_tools.sh")
    with static_site(FOLDER) as address:
        yield address


@pytest.fixture(scope="module")
def open_server(site: str, home: Path, weights: object) -> Iterator[ServerProcess]:
    """A server whose endpoints the site may use."""
    running = ServerProcess(home, ("--allow-origin", site))
    yield running
    running.close()
    assert "Traceback" not in "".join(running.log), "".join(running.log)


@pytest.mark.parametrize("over", ["webrtc", "websocket"])
def test_an_agent_in_a_browser_hears_and_answers(
    over: str, site: str, open_server: ServerProcess, studio: Studio
) -> None:
    studio.put([3.0, "What is six times seven?"], GREY)
    made = httpx.post(f"{open_server.url}v1/realtime/client_secrets", json={"session": {"type": "realtime"}})
    context = studio.browser.new_context(permissions=["microphone"])
    page, complaints = context.new_page(), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    secret = urlencode({"server": open_server.url, "secret": made.json()["value"], "over": over})
    page.goto(f"{site}/#{secret}")
    try:
        page.wait_for_function("globalThis.state?.ready", timeout=WITHIN_MS // 2)
        page.wait_for_function(
            "state.loudest > 0.05 && state.words.some(([role, said]) => role === 'assistant' && /42|forty/.test(said))",
            timeout=WITHIN_MS,
        )
    finally:
        state = page.evaluate("globalThis.state")
        page.close()
        context.close()
    assert [*state["errors"], *complaints] == []
    asked = [words for role, words in state["words"] if role == "user"]
    assert any("7" in words or "seven" in words for words in asked), asked
