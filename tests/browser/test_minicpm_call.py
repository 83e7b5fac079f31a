"""Calls with MiniCPM-o in a real browser: seconds go in, it listens or speaks, forgets, and is heard.

The server runs a tiny checkpoint with random weights: what it says is nonsense, how it gets there is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from dialogue.minicpm.kind import Kind
from stream.weights import WeightStore
from tests.browser.call_fixtures import OpenPage, Person, Server
from tests.browser.made_media import sign
from tests.dialogue.minicpm.leaning import write_leaning

WITHIN_MS = 40_000
LOUD = 0.003
SMALL_CONTEXT = 450  # tokens: about five seconds with a picture each
QUESTION = "Can you tell me what you see on the table?"


@pytest.fixture(scope="module")
def servers(
    weights: WeightStore, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Kind], Server]]:
    started: dict[Kind, Server] = {}
    with ExitStack() as closing:

        def serving(kind: Kind) -> Server:
            if kind not in started:
                folder = write_leaning(kind, tmp_path_factory.mktemp(kind.name))
                options = "--model", str(folder), "--precision", "float32", "--context", str(SMALL_CONTEXT)
                started[kind] = Server(home, options)
                closing.callback(started[kind].close)
            return started[kind]

        yield serving
    for server in started.values():
        log = "".join(server.log)
        assert "Traceback" not in log, log
        assert "never retrieved" not in log, log


@pytest.fixture
def server(request: pytest.FixtureRequest, servers: Callable[[Kind], Server]) -> Server:
    """Takes the place of the one that serves the laptop's models."""
    serving = servers(request.param)
    assert serving.url, "it is up before the call begins"
    return serving


duplex = pytest.mark.parametrize("server", [Kind.O45], indirect=True)
by_turns = pytest.mark.parametrize("server", [Kind.O26], indirect=True)


def seconds(person: Person, until: int = 0) -> list[dict[str, Any]]:
    """What the engine made of the last seconds, once that many have gone by. The details are open."""
    person.page.wait_for_selector(f'#seconds-list li[data-number="{until}"]', state="attached", timeout=WITHIN_MS)
    found: list[dict[str, Any]] = person.page.evaluate(
        """() => [...document.querySelectorAll("#seconds-list li")].map(({ dataset }) => ({
            number: +dataset.number, speaks: dataset.decision === "speaking",
            forced: dataset.forced === "true", left: +dataset.left,
        }))"""
    )
    return found


def spoken_to(person: Person) -> None:
    for _ in range(WITHIN_MS // 100):
        if person.level(0.3) > LOUD:
            return
        person.page.wait_for_timeout(100)
    pytest.fail(f"nothing was to be heard; what there is: {person.told()}")


def asked(person: Person) -> bool:
    """Whether what was said to it aloud has got a caption, which may come after the answer has begun."""
    person.page.wait_for_selector("#captions [data-role=user]", timeout=WITHIN_MS)
    words = " ".join(said["text"] for said in person.captions("user")).lower()
    return any(word in words for word in QUESTION.lower().rstrip("?").split()[-2:])


@duplex
def test_seconds_flow_and_it_listens_and_speaks_and_forgets(call_page: OpenPage) -> None:
    person = call_page(says=[3.0, QUESTION], shows=sign("HELLO"))
    person.page.click("#details-toggle")
    person.start()
    marks = seconds(person, until=12)
    assert [mark["number"] for mark in marks] == list(range(len(marks))), "none was lost"
    assert not any(mark["speaks"] for mark in marks[:3])
    assert {mark["speaks"] for mark in marks} == {True, False}
    assert sum(mark["left"] for mark in marks) > 5, "the context is small"
    assert "let go" in (person.page.text_content("#context-summary") or "")
    legend = person.page.text_content("#context-legend") or ""
    assert "Sound" in legend
    assert "Pictures" in legend
    spoken_to(person)
    assert np.abs(person.heard()).max() > LOUD
    assert "".join(reply["text"] for reply in person.captions("assistant")).strip()
    assert asked(person), "written down beside the model, which hears it itself"


@duplex
def test_silence_is_obeyed_whatever_the_model_would_do(call_page: OpenPage) -> None:
    person = call_page(shows=sign("HELLO"))
    person.page.click("#details-toggle")
    person.start()
    spoken_to(person)
    person.page.click("#hush")
    person.page.wait_for_selector('#captions [data-role=assistant][data-cut="true"]', timeout=5000)
    person.page.wait_for_selector('#seconds-list li[data-forced="true"]', state="attached", timeout=5000)
    forced = [mark for mark in seconds(person) if mark["forced"]]
    assert forced and not any(mark["speaks"] for mark in forced)


@duplex
def test_two_people_call_at_once(call_page: OpenPage, server: Server) -> None:
    one = call_page(shows=sign("ONE"))
    two = call_page(beside=one)
    for person in (one, two):
        person.page.click("#details-toggle")
        person.start()
    one.type("I am the first")
    assert httpx.get(f"{server.url}healthz").json()["sessions"] == 2
    for person in (one, two):
        marks = seconds(person, until=5)
        assert [mark["number"] for mark in marks] == list(range(len(marks)))
        spoken_to(person)
    assert [said["text"] for said in one.captions("user")] == ["I am the first"]
    assert two.captions("user") == []
    texts = ["".join(reply["text"] for reply in person.captions("assistant")) for person in (one, two)]
    assert texts[0] != texts[1]


@by_turns
def test_a_question_is_heard_by_the_model_itself_and_answered_aloud(call_page: OpenPage) -> None:
    person = call_page(says=[4.0, QUESTION], shows=sign("HELLO"))
    person.page.click("#details-toggle")
    person.start()
    assert person.reply()["text"].strip()
    assert np.abs(person.heard()).max() > LOUD
    legend = person.page.text_content("#context-legend") or ""
    assert "Sound" in legend
    assert "Its answers" in legend
    assert asked(person), "written down beside the model, which hears it itself"
    said = person.page.locator("#captions li")
    assert said.first.get_attribute("data-role") == "user", "the caption comes late and stands first"
    assert person.page.locator("#seconds").is_hidden(), "it takes turns"


@by_turns
def test_two_people_are_answered_at_once_and_one_interrupts(call_page: OpenPage) -> None:
    one = call_page(shows=sign("ONE"))
    two = call_page(beside=one)
    for person, name in ((one, "first"), (two, "second")):
        person.page.click("#details-toggle")
        person.start()
        person.type(f"I am the {name}. What do you see?")
    spoken_to(one)
    one.page.click("#hush")
    assert one.reply()["cut"]
    assert two.reply()["text"].strip()
    assert not two.reply()["cut"]
    assert np.abs(two.heard()).max() > LOUD
    assert [said["text"] for said in two.captions("user")] == ["I am the second. What do you see?"]
