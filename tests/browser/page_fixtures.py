"""The page in real Chromium with the server's end of the call played inside it."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from ui.http.guard import HEADERS

HERE = Path(__file__).parent
UI = HERE.parent.parent / "ui"
FLAGS = [
    "--autoplay-policy=no-user-gesture-required",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP insecure.test 127.0.0.1",
]
DEVICES = ["camera", "microphone"]
NUMBERS = count(1)
THE_TESTS_OWN_DOING = ("Failed to load resource", "Cross-Origin-Opener-Policy header has been ignored")
FAKE_DEVICES = [*FLAGS, "--use-fake-device-for-media-stream=device-count=2"]


@dataclass
class CallDesk:
    """Answers the page's calls. `refusals` go to the next ones: status, Retry-After, error."""

    refusals: list[tuple[int, int, dict[str, str]]] = field(default_factory=list)
    unreachable: bool = False
    health: dict[str, Any] = field(default_factory=lambda: {"status": "ok"})
    voices: list[dict[str, Any]] = field(default_factory=list)  # as /voices lists them
    moves: bool = False  # whether a call may be led over another path
    paths: list[dict[str, Any]] = field(default_factory=list)  # what was asked about the path
    gone: bool = False  # only the page's own files are served
    offers: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    desk = CallDesk()


class _Handler(SimpleHTTPRequestHandler):
    """Serves the page's files with the security headers of the real server, and the answers of the desk."""

    protocol_version = "HTTP/1.1"  # keeps connections open: the page is many small files
    server: _Server

    def do_GET(self) -> None:
        if self.path == "/voices":
            self._reply(200, {"languages": self.server.desk.voices}, {})
        elif self.path != "/healthz":
            super().do_GET()
        elif self.server.desk.gone:
            self.close_connection = True
        else:
            self._reply(200, self.server.desk.health, {})

    def do_POST(self) -> None:
        desk = self.server.desk
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/call/path":
            desk.paths.append(asked)
            answer = (
                {"type": "answer", "sdp": "v=0"} if desk.moves else {"error": {"code": "bad_path", "message": "no"}}
            )
            self._reply(200 if desk.moves else 400, answer, {})
            return
        desk.offers.append(asked)
        desk.authorizations.append(self.headers["Authorization"])
        if desk.unreachable:
            self.close_connection = True
        elif desk.refusals:
            status, retry_after, error = desk.refusals.pop(0)
            self._reply(status, {"error": error}, {"Retry-After": str(retry_after)} if retry_after else {})
        else:
            self._reply(200, {"type": "answer", "sdp": "v=0", "session": "s1"}, {})

    def _reply(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
        encoded = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(encoded)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(encoded)

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def translate_path(self, path: str) -> str:
        return super().translate_path("/page/index.html" if path.partition("?")[0] == "/" else path)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="session")
def page_server() -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), partial(_Handler, directory=str(UI)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium: install the package chromium")
    return path


@pytest.fixture(scope="module")
def page_playwright() -> Iterator[Playwright]:
    """Scoped to a module: its event loop would block tests that run their own."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def with_devices(page_playwright: Playwright, chromium_path: str) -> Iterator[BrowserContext]:
    """A browser with two cameras that show a pattern and microphones that beep; all are allowed."""
    browser = page_playwright.chromium.launch(executable_path=chromium_path, args=FAKE_DEVICES)
    yield browser.new_context(permissions=DEVICES)
    browser.close()


@pytest.fixture(scope="module")
def without_devices(page_playwright: Playwright, chromium_path: str) -> Iterator[BrowserContext]:
    browser = page_playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
    yield browser.new_context(permissions=DEVICES)
    browser.close()


@dataclass
class Visit:
    """One visit to the page."""

    page: Page
    desk: CallDesk
    own_context: BrowserContext | None
    complaints: list[str] = field(default_factory=list)

    def hear_console(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(own in text for own in THE_TESTS_OWN_DOING):
            self.complaints.append(text)

    def start(self) -> None:
        self.page.click("#start")
        self.wait_for("listening")

    def wait_for(self, state: str) -> None:
        self.page.wait_for_selector(f"#state[data-state={state}]")

    def type(self, text: str) -> None:
        """Types a message and sends it."""
        self.page.fill("#say-text", text)
        self.page.press("#say-text", "Enter")

    def say(self, type_: str, **fields: Any) -> None:
        """Sends a message of the server."""
        self.page.evaluate("message => farEnd.say(message)", {"type": type_, **fields})

    def sent(self, type_: str) -> list[dict[str, Any]]:
        """The messages of this type that the page has sent, without the type."""
        messages = self.page.evaluate("farEnd.sent")
        return [{k: v for k, v in m.items() if k != "type"} for m in messages if m["type"] == type_]

    def attribute(self, selector: str, name: str) -> str | None:
        return self.page.get_attribute(selector, name)

    def text(self, selector: str) -> str:
        return self.page.text_content(selector) or ""


Open = Callable[..., Visit]


@pytest.fixture
def visit(request: pytest.FixtureRequest, page_server: _Server) -> Iterator[Open]:
    """Opens the page as a new site without stored data.

    `allowed`: the devices may be used. `own` are the options of a browser context for this visit alone.
    """
    visits: list[Visit] = []

    def open_page(
        devices: bool = True,
        allowed: bool = True,
        host: str | None = None,
        fragment: str = "",
        size: tuple[int, int] = (1280, 800),
        **own: Any,
    ) -> Visit:
        shared: BrowserContext = request.getfixturevalue("with_devices" if devices else "without_devices")
        assert shared.browser is not None
        context = shared if allowed and not own else shared.browser.new_context(**own)
        page_server.desk = CallDesk()
        visited = Visit(context.new_page(), page_server.desk, context if context is not shared else None)
        visits.append(visited)
        page = visited.page
        page.set_default_timeout(10_000)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.on("console", lambda message: visited.hear_console(message.type, message.text))
        page.on("pageerror", lambda error: visited.complaints.append(str(error)))
        page.add_init_script(path=HERE / "far_end.js")
        page.goto(f"http://{host or f'visit{next(NUMBERS)}.localhost'}:{page_server.server_port}/{fragment}")
        page.wait_for_selector("html[data-ready]")
        return visited

    yield open_page
    for visited in visits:
        (visited.own_context or visited.page).close()
        assert not visited.complaints, visited.complaints
