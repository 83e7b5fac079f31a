"""The example of a remote engine against a small OpenAI-compatible server on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.examples.conftest import Run


class SmallChatServer(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ChatHandler)
        self.requests: list[dict[str, Any]] = []


class ChatHandler(BaseHTTPRequestHandler):
    server: SmallChatServer

    def do_GET(self) -> None:
        self._answer("application/json", json.dumps({"data": [{"id": "small-model"}]}))

    def do_POST(self) -> None:
        self.server.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        delta = {"choices": [{"delta": {"content": "Somebody at gate seven."}}]}
        self._answer("text/event-stream", f"data: {json.dumps(delta)}\n\ndata: [DONE]\n\n")

    def _answer(self, kind: str, body: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the output belongs to the test."""


@pytest.fixture
def server() -> Iterator[SmallChatServer]:
    with SmallChatServer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_server_answers_from_what_was_seen_here(run: Run, media: Path, server: SmallChatServer) -> None:
    url = f"http://127.0.0.1:{server.server_port}/v1"
    printed = run("remote_server.py", [url, str(media / "sign.png"), "Tell me a story about this place."])
    assert printed.strip() == "Somebody at gate seven."
    [request] = server.requests
    assert request["model"] == "small-model"
    assert "GATE 7" in str(request["messages"])
    assert "image_url" not in str(request["messages"])
