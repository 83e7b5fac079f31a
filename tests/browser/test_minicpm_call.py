"""Calls with MiniCPM-o in a real browser: it decides every second, evicts context, and is heard.

The server runs a tiny checkpoint with random weights: what it says is nonsense, how it gets there is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import TimeoutError as PatienceEnded

from dialogue.minicpm.kind import Kind
from stream.models.weights import WeightStore
from tests.browser.call_fixtures import OpenPage
from tests.browser.made_media import sign
from tests.browser.person import Person
from tests.browser.served import ServerProcess
from tests.dialogue.minicpm.biased_checkpoint import write_biased_checkpoint

WITHIN_MS = 60_000
LOUD = 0.003
SMALL_CONTEXT = 450  # tokens: about five seconds with a picture each
QUESTION = "Can you tell me what you see on the table?"


@pytest.fixture(scope="module")
def servers(
    weights: WeightStore, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Kind, ServerProcess]]:
    """One server of each kind; they start in parallel, before the first call."""
    started: dict[Kind, ServerProcess] = {}
    for kind, leans in ((Kind.O45, {"<|listen|>": 3.0}), (Kind.O26, {})):  # makes it speak soon
        folder = write_biased_checkpoint(kind, tmp_path_factory.mktemp(kind.name), biases=leans)
        options = "--model", str(folder), "--precision", "float32", "--context", str(SMALL_CONTEXT), "--sessions", "2"
        started[kind] = ServerProcess(home, options)
    with ExitStack() as closing:
        for server in started.values():
            server.begin()
            closing.callback(server.close)
        assert all(server.url for server in started.values())
        yield started
        for server in started.values():
            server.end()
    for server in started.values():
        log = "".join(server.log)
        assert "Traceback" not in log, log
        assert "never retrieved" not in log, log


@pytest.fixture
def server(request: pytest.FixtureRequest, servers: dict[Kind, ServerProcess]) -> ServerProcess:
    """Replaces the server with the laptop's models."""
    return servers[request.param]


duplex = pytest.mark.parametrize("server", [Kind.O45], indirect=True)
by_turns = pytest.mark.parametrize("server", [Kind.O26], indirect=True)


def seconds(person: Person, until: str) -> list[dict[str, Any]]:
    """The decisions for the last seconds, once `until`, an expression of `seconds`, is true. The details are open."""
    look = f"""() => {{
        const seconds = [...document.querySelectorAll("#seconds-list li")].map(({{ dataset }}) => ({{
            number: +dataset.number, speaks: dataset.decision === "speaking",
            forced: dataset.forced === "true", left: +dataset.left,
        }}));
        return {until} && seconds;
    }}"""
    try:
        found: list[dict[str, Any]] = person.page.wait_for_function(look, polling=100, timeout=WITHIN_MS).json_value()
    except PatienceEnded:
        pytest.fail(f"The page did not reach {until}; the page shows: {person.page_state()}")
    return found


def wait_until_written_down(person: Person) -> None:
    """Speech gets a caption beside the model, which hears the sound itself; it may come after the answer has begun."""
    person.wait_for_words("user", "|".join(QUESTION.rstrip("?").split()[-2:]))


@duplex
def test_every_second_gets_a_decision_and_old_ones_are_evicted(call_page: OpenPage) -> None:
    person = call_page(says=[2.0, QUESTION], shows=sign("HELLO"))
    person.page.click("#details-toggle")
    person.start()
    left = "seconds.reduce((sum, { left }) => sum + left, 0)"
    marks = seconds(person, f"seconds.length > 6 && seconds.some(({{ speaks }}) => speaks) && {left} > 5")
    assert [mark["number"] for mark in marks] == list(range(len(marks))), "none was lost"
    assert not any(mark["speaks"] for mark in marks[:3])
    assert {mark["speaks"] for mark in marks} == {True, False}
    assert sum(mark["left"] for mark in marks) > 5, "the context is small"
    assert "evicted" in (person.page.text_content("#context-summary") or "")
    legend = person.page.text_content("#context-legend") or ""
    assert "Sound" in legend
    assert "Pictures" in legend
    person.wait_until_spoken_to()
    assert np.abs(person.heard()).max() > LOUD
    assert "".join(reply["text"] for reply in person.captions("assistant")).strip()
    wait_until_written_down(person)


@duplex
def test_an_interruption_silences_a_model_that_would_speak(call_page: OpenPage) -> None:
    person = call_page(shows=sign("HELLO"))
    person.page.click("#details-toggle")
    person.start()
    person.wait_until_spoken_to()
    person.page.click("#interrupt")
    person.page.wait_for_selector('#captions [data-role=assistant][data-cut="true"]', timeout=5000)
    marks = seconds(person, "seconds.some(({ forced }) => forced)")
    assert not any(mark["speaks"] for mark in marks if mark["forced"])


@duplex
def test_two_people_call_at_once(call_page: OpenPage, server: ServerProcess) -> None:
    one = call_page(shows=sign("ONE"))
    two = call_page()
    for person in (one, two):
        person.page.click("#details-toggle")
        person.start()
    one.type("I am the first")
    assert httpx.get(f"{server.url}healthz").json()["sessions"] == 2
    for person in (one, two):
        marks = seconds(person, "seconds.length > 5")
        assert [mark["number"] for mark in marks] == list(range(len(marks)))
        person.wait_until_spoken_to()
    assert [said["text"] for said in one.captions("user")] == ["I am the first"]
    assert two.captions("user") == []
    texts = ["".join(reply["text"] for reply in person.captions("assistant")) for person in (one, two)]
    assert texts[0] != texts[1]


@by_turns
def test_the_model_hears_a_question_and_answers_by_voice(call_page: OpenPage) -> None:
    person = call_page(says=[2.0, QUESTION], shows=sign("HELLO"))
    person.page.click("#details-toggle")
    person.start()
    assert person.reply()["text"].strip()
    assert np.abs(person.heard()).max() > LOUD
    person.page.wait_for_selector("#context-legend >> text=Its answers")
    assert "Sound" in (person.page.text_content("#context-legend") or "")
    wait_until_written_down(person)
    said = person.page.locator("#captions li")
    assert said.first.get_attribute("data-role") == "user", "the caption comes late and stands first"
    assert person.page.locator("#seconds").is_hidden(), "it takes turns"


@by_turns
def test_two_people_are_answered_at_once_and_one_interrupts(call_page: OpenPage) -> None:
    one = call_page(shows=sign("ONE"))
    two = call_page()
    for person in (one, two):
        person.page.click("#details-toggle")
        person.start()
    two.type("I am the second. What do you see?")
    one.type("I am the first. What do you see?")
    one.wait_until_spoken_to()
    one.page.click("#interrupt")
    assert one.reply()["cut"]
    assert two.reply()["text"].strip()
    assert not two.reply()["cut"]
    assert np.abs(two.heard()).max() > LOUD
    assert [said["text"] for said in two.captions("user")] == ["I am the second. What do you see?"]
