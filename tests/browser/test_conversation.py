"""Conversations end to end: a person speaks to the page, shows it things, and hears the answer.

Real Chromium with devices made of files, the real server with its real models. What a test believes is what came out
of the browser's loudspeaker, written down again by a speech recogniser, not what the server says it said.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import matplotlib.cbook
import numpy as np
import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Playwright

from tests.browser.call_fixtures import OpenPage, open_studio
from tests.browser.made_media import Rgb, side_by_side, sign
from tests.browser.person import SILENCE, plain
from tests.browser.served import ServerProcess

Transcribe = Callable[[np.ndarray], str]

NO_UDP = "--webrtc-ip-handling-policy=disable_non_proxied_udp"  # of Chromium, as behind a firewall
WITHIN_MS = 12_000  # from the click until the call goes over a WebSocket
OPENING_S = 2.0  # from the opening of a microphone to the first word: the browser adapts to the room


@pytest.fixture(scope="module")
def hopper() -> Rgb:
    path = matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    return np.array(Image.open(str(path)).convert("RGB"))


def test_a_sign_held_to_the_camera_is_read_aloud(call_page: OpenPage, transcribe: Transcribe) -> None:
    person = call_page(says=[OPENING_S, "What does the sign say?"], shows=sign("CITY", "LIBRARY"))
    person.page.click("#mute")
    person.start()
    person.wait_until_seen("LIBRARY")
    reply = person.reply(person.ask_aloud("sign say"))
    assert "city library" in plain(reply["text"])
    assert not reply["cut"]
    assert "citylibrary" in transcribe(person.heard_out()).replace(" ", "")


def test_it_describes_the_scene(call_page: OpenPage, transcribe: Transcribe) -> None:
    coffee = side_by_side(skimage.data.coffee())
    person = call_page(says=[OPENING_S, "What do you see?"], shows=coffee)
    person.page.click("#mute")
    person.start()
    person.wait_until_seen("cup")
    turn = person.ask_aloud("what do you see")
    assert "cup" in plain(person.reply(turn)["text"])
    assert "cup" in transcribe(person.heard_out())


def test_an_interruption_stops_the_reply_and_is_shown(call_page: OpenPage, transcribe: Transcribe, hopper: Rgb) -> None:
    two_people = side_by_side(skimage.data.astronaut(), hopper)
    person = call_page(says=[OPENING_S, "How many people are there?"], shows=two_people)
    person.page.click("#mute")
    person.start()
    person.wait_until_seen("Two people")
    person.type("Tell me everything about the history of Rome.")
    person.wait_for("speaking")
    turn = person.ask_aloud("how many people are there")
    first = person.reply()
    assert first["cut"], first
    assert len(first["heard"]) < len(first["text"])
    assert "two" in plain(person.reply(turn)["text"]).split()
    words = set(transcribe(person.heard_out()).split())
    assert len(words & set(plain(first["heard"]).split())) >= 3
    assert "two" in words


def test_a_typed_question_is_answered_by_voice(call_page: OpenPage, transcribe: Transcribe) -> None:
    person = call_page(shows=sign("EXIT", "GATE"))
    person.start()
    person.wait_until_seen("GATE")
    person.type("What does the sign say?")
    assert "exit gate" in plain(person.reply()["text"])
    assert plain(person.captions("user")[0]["text"]) == "what does the sign say"
    assert "exitgate" in transcribe(person.heard_out()).replace(" ", "")
    assert person.level(0.3) < SILENCE, "the loudspeaker must be silent afterwards"


def test_with_the_camera_off_it_says_so_and_still_hears(call_page: OpenPage, transcribe: Transcribe) -> None:
    person = call_page(says=[OPENING_S, "What do you see?"], shows=sign("SECRET"))
    person.page.click("#mute")
    person.start()
    person.wait_until_seen("SECRET")
    person.page.click("#camera-toggle")
    turn = person.ask_aloud("what do you see")
    reply = plain(person.reply(turn)["text"])
    assert "camera" in reply or "picture" in reply
    assert "camera" in transcribe(person.heard_out())


def test_two_people_talk_at_the_same_time_and_a_third_waits(call_page: OpenPage, server: ServerProcess) -> None:
    one = call_page(shows=sign("PIER 7"))
    two, three = call_page(), call_page()
    one.start()
    two.start()
    three.page.click("#start")
    three.wait_for("busy")
    for person in (one, two):
        person.wait_until_seen("PIER 7")
        person.type("What does the sign say?")
    for person in (one, two):
        assert "pier 7" in plain(person.reply()["text"])
    assert httpx.get(f"{server.url}healthz").json()["sessions"] == 2
    one.page.click("#start")
    three.wait_for("listening")


def test_a_reloaded_page_calls_again_and_leaves_no_ghost(call_page: OpenPage, server: ServerProcess) -> None:
    person = call_page(shows=sign("HELLO"))
    for _ in range(3):
        person.start()
        person.page.reload()
        person.page.wait_for_selector("html[data-ready]")
    person.start()
    assert httpx.get(f"{server.url}healthz").json()["sessions"] <= 2
    person.wait_until_seen("HELLO")
    person.type("What does the sign say?")
    assert "hello" in plain(person.reply()["text"])


def test_a_server_that_shuts_down_says_goodbye_and_ends_at_once(call_page: OpenPage, server: ServerProcess) -> None:
    person = call_page()
    person.start()
    server.end()
    person.page.wait_for_selector(".notice", timeout=5000)
    assert person.page.get_attribute("#state", "data-state") != "listening"
    code, seconds = server.ended()
    assert code == 0
    assert seconds < 5.0  # the server takes 0.25 s, the interpreter's shutdown the rest


def test_a_question_is_answered_and_heard_without_udp(
    page_playwright: Playwright,
    chromium_path: str,
    server: ServerProcess,
    transcribe: Callable[[np.ndarray], str],
    tmp_path: Path,
) -> None:
    with open_studio(page_playwright, chromium_path, tmp_path, NO_UDP) as studio:
        studio.put([2.0, "What does the sign say?"], sign("CITY", "LIBRARY"))
        person = studio.visit(server.url)
        person.page.click("#mute")
        person.page.click("#start")
        person.page.wait_for_selector("#state[data-state=listening]", timeout=WITHIN_MS)
        assert "WebSocket" in person.page.inner_text("#notice [data-code=socket]")
        assert person.page.evaluate("omnilive.pc") is None
        person.page.evaluate("recorder.listen(omnilive.remoteStream.getAudioTracks()[0])")
        person.wait_until_seen("LIBRARY")
        reply = person.reply(person.ask_aloud("sign say"))
        assert "city library" in plain(reply["text"])
        assert not reply["cut"]
        assert "citylibrary" in transcribe(person.heard_out()).replace(" ", "")
    assert person.complaints == []
