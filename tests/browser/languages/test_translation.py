"""Two people at one table, each of whom hears the other's language, in the browser.

The translator is a small server with a dictionary: the product's part is to know who spoke which language, to ask for
the translation of each sentence, and to speak it with a voice of its language.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stream.models.weights import WeightStore
from tests.browser.call_fixtures import OpenPage, Studio
from tests.browser.languages.speech import OPENING_S, Say
from tests.browser.person import ANSWER_WITHIN_MS
from tests.browser.served import ServerProcess

DICTIONARY = {"图书馆": "Where is the library?", "station": "图书馆在车站旁边。"}


class DictionaryServer(BaseHTTPRequestHandler):
    """An OpenAI-compatible server that translates the sentences with a word of DICTIONARY."""

    def do_GET(self) -> None:
        self._answer("application/json", json.dumps({"data": [{"id": "translator"}]}))

    def do_POST(self) -> None:
        asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        words = str(asked["messages"][-1]["content"]).lower()
        said = next((translated for word, translated in DICTIONARY.items() if word in words), "I do not know that.")
        delta = {"choices": [{"delta": {"content": said}}]}
        self._answer("text/event-stream", f"data: {json.dumps(delta)}\n\ndata: [DONE]\n\n")

    def _answer(self, kind: str, body: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the output belongs to the test."""


@pytest.fixture(scope="module")
def translator() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), DictionaryServer) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}/v1"
        serving.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def server(weights: WeightStore, home: Path, translator: str) -> Iterator[ServerProcess]:
    running = ServerProcess(home, ("--setup", "remote", "--url", translator, "--sessions", "2"))
    yield running
    running.close()
    assert "Traceback" not in "".join(running.log)


def test_each_hears_the_language_of_the_other(
    call_page: OpenPage, studio: Studio, say: Say, transcribe: Callable[[np.ndarray], str]
) -> None:
    person = call_page(says=[OPENING_S, say("请问图书馆在哪里？", "zm_yunxi", "zh")])
    page = person.page
    page.click("#mute")
    person.start()
    person.type("Please translate between English and Chinese.")
    assert "between English and Chinese" in person.reply(1)["text"]

    reply = person.reply(person.ask_aloud("图书馆"))
    assert reply["text"] == "Where is the library?"
    assert "where is the library" in transcribe(person.heard_out())

    studio.put([OPENING_S, "It is beside the station."])
    person.take_microphone(1)
    person.wait_for_words("assistant", "图书馆在车站旁边")
    assert page.locator("#captions [data-role=assistant]").last.get_attribute("lang") == "zh-CN"
    person.type("Stop translating.")
    page.locator("#captions [data-role=assistant]", has_text="I stop translating").wait_for(timeout=ANSWER_WITHIN_MS)
