"""A question passed on to a larger model, llama.cpp's real server, in the browser, while the call goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.models.weights import WeightStore
from tests.browser.call_fixtures import OpenPage
from tests.browser.person import ANSWER_WITHIN_MS
from tests.browser.served import ServerProcess
from tests.real_chat_server import llama_server

KEY = "a-key-for-the-tests"


@pytest.fixture(scope="module")
def larger(weights: WeightStore) -> Iterator[str]:
    with llama_server(weights.path("smollm2-135m-instruct"), KEY) as url:
        yield url


@pytest.fixture(scope="module")
def server(
    weights: WeightStore, home: Path, larger: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    key = tmp_path_factory.mktemp("key") / "key"
    key.write_text(KEY)
    running = ServerProcess(home, ("--delegate", larger, "--delegate-key-file", str(key), "--sessions", "2"))
    yield running
    running.close()
    assert "Traceback" not in "".join(running.log)


def test_a_larger_model_answers_while_the_conversation_goes_on(
    call_page: OpenPage, server: ServerProcess, larger: str
) -> None:
    person = call_page()
    page = person.page
    page.locator("#privacy", has_text="What you ask the larger model for is sent to another server").wait_for()
    person.start()
    asking = page.locator("#delegation", has_text=f"Asking the larger model at {larger.split('/')[2]}")
    person.type("Ask the big model to tell a very long story about a ship and its crew.")
    assert "look" in person.reply(1)["text"]
    asking.wait_for(timeout=ANSWER_WITHIN_MS)
    person.type("What is two plus three?")
    assert person.reply(2)["text"] == "That is 5."
    assert asking.is_visible(), "the story is still being written"
    person.type("Never mind.")
    assert person.reply(3)["text"] == "All right, I'll leave it."
    asking.wait_for(state="hidden", timeout=ANSWER_WITHIN_MS)

    person.type("Ask the big model what the capital of France is.")
    person.reply(4)
    answer = person.reply(5)["text"]
    opening = "Here is the answer to your question."
    assert answer.startswith(opening)
    assert answer.removeprefix(opening).strip(), "which is the small model's here, and may be wrong"
    asking.wait_for(state="hidden", timeout=ANSWER_WITHIN_MS)
