"""Memory across calls in the browser: remembered, asked in the next call and answered with its date, then forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dialogue.memory.kept_memory import KeptMemory
from stream.models.weights import WeightStore
from tests.browser.call_fixtures import OpenPage
from tests.browser.person import ANSWER_WITHIN_MS
from tests.browser.served import ServerProcess


@pytest.fixture(scope="module")
def memory_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("memory") / "memory.sqlite"


@pytest.fixture(scope="module")
def server(weights: WeightStore, home: Path, memory_file: Path) -> Iterator[ServerProcess]:
    running = ServerProcess(home, ("--remember", str(memory_file), "--sessions", "2"))
    yield running
    running.close()
    assert "Traceback" not in "".join(running.log)


def test_a_call_is_remembered_asked_about_and_forgotten(
    call_page: OpenPage, server: ServerProcess, memory_file: Path
) -> None:
    person = call_page()
    page = person.page
    page.wait_for_selector("#memory:visible")
    assert "is remembered after the call" in (page.text_content("#privacy") or "")
    person.start()
    person.type("My sister Ruth lives in Leeds.")
    person.reply(1)
    page.click("#start")  # hangs up
    person.wait_for("idle")
    assert str(memory_file) in "".join(server.log)
    a_day_passes(memory_file)

    person.start()
    person.type("What did I tell you about my sister?")
    recalled = person.reply(2)["text"]
    assert recalled.startswith("Yesterday at ")
    assert "you told me: My sister Ruth lives in Leeds." in recalled
    page.locator("#captions .recalled", has_text="Recalled from an earlier call").wait_for(timeout=ANSWER_WITHIN_MS)

    with page.context.expect_page() as opened:
        page.click("#memory")
    memory = opened.value
    memory.wait_for_selector("html[data-ready]")
    memory.fill("#words", "leeds")
    memory.press("#words", "Enter")
    lines = memory.locator("#lines li")
    lines.filter(has_text="My sister Ruth lives in Leeds.").first.wait_for()
    memory.fill("#words", "")
    memory.press("#words", "Enter")
    lines.filter(has_text="You said").first.wait_for()

    person.type("Forget that.")
    assert person.reply(3)["text"] == "Done, that is forgotten."
    memory.reload()
    memory.wait_for_selector("html[data-ready]")
    assert memory.locator("#lines li", has_text="Ruth").count() == 0
    person.type("What did I tell you about my sister?")
    assert person.reply(4)["text"] == "I don't remember you telling me that."

    memory.reload()
    memory.wait_for_selector("html[data-ready]")
    memory.click("#delete-all")
    memory.click("#sure .danger")
    memory.locator("#count", has_text="Nothing is remembered").wait_for()
    assert KeptMemory(memory_file).count() == 0
    memory.close()


def a_day_passes(memory_file: Path) -> None:
    """Moves what is remembered to the day before, since the test cannot wait for it."""
    with KeptMemory(memory_file)._open() as db:
        assert db.execute("UPDATE events SET began = began - ?", (24 * 3600.0,)).rowcount > 0
