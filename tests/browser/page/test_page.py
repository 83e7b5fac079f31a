"""The page's call from the user's side: start, refused and lost devices, and the action for each."""

from __future__ import annotations

import base64

import numpy as np

from tests.browser.page_fixtures import Open, Visit
from vision.thumbnail import thumbnail


def shown(visited: Visit, code: str) -> str:
    """Waits for the notice of this code, and returns its text."""
    return visited.page.locator(f".notice[data-code={code}]").text_content() or ""


def transceivers(visited: Visit) -> list[list[str]]:
    found: list[list[str]] = visited.page.evaluate("farEnd.now.transceivers.map(t => [t.kind, t.direction])")
    return found


def test_start_makes_a_call_and_stop_ends_it(visit: Open) -> None:
    visited = visit()
    assert visited.text("#start") == "Start"
    visited.start()
    assert visited.text("#start") == "Stop"
    assert visited.attribute("#start", "aria-pressed") == "true"
    assert transceivers(visited) == [["audio", "sendrecv"], ["video", "sendonly"]]
    assert visited.page.evaluate("farEnd.now.configuration") == {"iceServers": []}
    assert visited.page.evaluate("farEnd.now.channel.label") == "events"
    assert visited.page.evaluate("farEnd.now.receiver.jitterBufferTarget") == 0
    assert visited.sent("switch") == [{"microphone": True, "camera": True, "hands_free": True}]

    visited.page.click("#start")
    visited.wait_for("idle")
    assert visited.sent("bye") == [{}]
    assert visited.page.evaluate("farEnd.now.closed")
    assert visited.page.evaluate("document.querySelector('#preview').srcObject") is None


def test_the_devices_are_opened_with_the_constraints_of_a_call(visit: Open) -> None:
    visited = visit()
    visited.start()
    sound = visited.page.evaluate("farEnd.now.transceivers[0].sender.track.getSettings()")
    assert sound["echoCancellation"] and sound["noiseSuppression"] and sound["autoGainControl"]
    picture = visited.page.evaluate("farEnd.now.transceivers[1].sender.track.getSettings()")
    assert (picture["width"], picture["height"]) == (1280, 720)
    assert picture["frameRate"] <= 15


def test_each_state_of_the_server_is_shown(visit: Open) -> None:
    visited = visit()
    visited.start()
    for state in ("hearing", "thinking", "speaking", "listening"):
        visited.say("state", state=state)
        assert visited.attribute("#state", "data-state") == state
        assert visited.page.evaluate("omnilive.state") == state
        assert visited.page.is_visible("#interrupt") == (state in ("thinking", "speaking"))


def test_with_refused_permission_typing_works(visit: Open) -> None:
    visited = visit(allowed=False)
    visited.start()
    text = shown(visited, "device_refused")
    assert "microphone and the camera" in text and "Allow" in text
    assert visited.sent("switch")[-1] == {"microphone": False, "camera": False, "hands_free": True}
    visited.type("Can you hear me?")
    assert visited.sent("say") == [{"text": "Can you hear me?"}]
    assert visited.page.input_value("#say-text") == ""

    visited.page.context.grant_permissions(["camera", "microphone"])
    visited.page.click(".notice .action")
    visited.page.wait_for_selector("#stage[data-view=camera]")
    visited.page.wait_for_selector("#mute[aria-pressed=false]")
    assert visited.page.evaluate("farEnd.now.transceivers.every(t => t.sender.track.readyState === 'live')")


def test_without_devices_the_call_is_made(visit: Open) -> None:
    visited = visit(devices=False)
    visited.start()
    assert "No microphone and no camera" in shown(visited, "device_missing")
    assert transceivers(visited)[0] == ["audio", "sendrecv"]
    assert visited.attribute("#mute", "aria-pressed") == "true"


def test_an_insecure_address_is_explained_and_typing_works(visit: Open) -> None:
    visited = visit(host="insecure.test", allowed=False)
    assert visited.page.evaluate("navigator.mediaDevices") is None
    visited.start()
    assert "https://" in shown(visited, "device_insecure")
    assert transceivers(visited) == [["audio", "recvonly"]]
    visited.type("hello")
    assert visited.sent("say") == [{"text": "hello"}]


def test_typing_first_asks_for_no_device(visit: Open) -> None:
    visited = visit()
    visited.page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => { throw new Error('asked'); }; }")
    visited.type("What can you do?")
    visited.wait_for("listening")
    visited.page.wait_for_function("() => farEnd.sent.some(m => m.type === 'say')")
    assert visited.sent("say") == [{"text": "What can you do?"}]
    assert visited.sent("switch")[0]["microphone"] is False
    assert visited.attribute("#camera-toggle", "aria-pressed") == "false"


PASTE = """(text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  const box = document.getElementById("say-text");
  box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def test_a_long_text_becomes_a_document_and_a_chart_is_shown(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.fill("#say-text", "a" * 100_000)
    visited.page.press("#say-text", "Enter")
    visited.page.evaluate(PASTE, "b" * 5_000)
    for number in (1, 2):
        visited.page.locator(f'#captions li[data-shown="{number}"] .name', has_text="pasted text.txt").wait_for()
    assert visited.sent("say") == []
    assert visited.page.input_value("#say-text") == ""
    jpeg = base64.b64encode(thumbnail(np.full((300, 400, 3), 200, np.uint8))).decode()
    visited.say("drawn", picture=jpeg)
    visited.page.wait_for_function("() => document.querySelector('#captions li.drawn canvas')?.width === 320")


def test_an_old_browser_gets_a_notice(visit: Open) -> None:
    visited = visit()
    visited.page.evaluate("delete window.RTCPeerConnection; delete window.AudioWorkletNode")
    visited.page.click("#start")
    visited.wait_for("error")
    assert "current Firefox" in shown(visited, "call")


def test_switching_the_camera_off_releases_it_and_on_opens_it_again(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.evaluate("window.old = farEnd.now.transceivers[1].sender.track")
    visited.page.click("#camera-toggle")
    visited.page.wait_for_selector("#stage[data-view=orb]")
    assert visited.page.evaluate("[old.readyState, farEnd.now.transceivers[1].sender.track]") == ["ended", None]
    assert visited.sent("switch")[-1]["camera"] is False
    visited.page.click("#camera-toggle")
    visited.page.wait_for_selector("#stage[data-view=camera]")
    assert visited.page.evaluate("farEnd.now.transceivers[1].sender.track.readyState") == "live"
    assert visited.sent("switch")[-1]["camera"] is True


def test_mute_silences_the_microphone(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.click("#mute")
    assert visited.page.evaluate("farEnd.now.transceivers[0].sender.track.enabled") is False
    assert visited.sent("switch")[-1]["microphone"] is False
    visited.page.click("#mute")
    assert visited.page.evaluate("farEnd.now.transceivers[0].sender.track.enabled") is True


def test_devices_switched_off_during_the_permission_dialog_stay_off(visit: Open) -> None:
    visited = visit()
    visited.page.evaluate(
        """() => {
          const devices = navigator.mediaDevices, real = devices.getUserMedia.bind(devices);
          const answered = new Promise((resolve) => (window.allow = resolve));
          devices.getUserMedia = async (constraints) => (await answered, real(constraints));
        }"""
    )
    visited.page.click("#start")
    visited.wait_for("connecting")
    visited.page.click("#mute")
    visited.page.click("#camera-toggle")
    assert "Choose Allow" in shown(visited, "asking")
    visited.page.evaluate("allow()")
    visited.wait_for("listening")
    assert visited.page.query_selector(".notice") is None
    assert visited.sent("switch")[-1] == {"microphone": False, "camera": False, "hands_free": True}
    tracks = visited.page.evaluate("farEnd.now.transceivers.map(t => t.sender.track?.enabled ?? null)")
    assert tracks == [False, None]


def test_an_unplugged_camera_is_reported_and_replaced(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.evaluate("farEnd.now.transceivers[1].sender.track.dispatchEvent(new Event('ended'))")
    assert "Going on with" in shown(visited, "lost_camera")
    assert [lost["device"] for lost in visited.sent("device_lost")] == ["camera"]
    assert visited.sent("switch")[-1]["camera"] is True
    assert visited.page.evaluate("farEnd.now.transceivers[1].sender.track.readyState") == "live"


def test_with_an_unplugged_microphone_typing_works(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.evaluate(
        """() => {
          navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("", "NotFoundError"); };
          farEnd.now.transceivers[0].sender.track.dispatchEvent(new Event("ended"));
        }"""
    )
    assert "was unplugged" in shown(visited, "lost_microphone")
    visited.page.wait_for_selector("#mute[aria-pressed=true]")
    assert visited.attribute("#state", "data-state") == "listening"


def test_the_devices_are_listed_and_can_be_chosen(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.click("#settings-open")
    options = "document.querySelectorAll('#pick-microphone option')"
    visited.page.wait_for_function(f"() => {options}.length > 1")
    before = visited.page.evaluate("farEnd.now.transceivers[0].sender.track.id")
    visited.page.select_option("#pick-microphone", index=1)
    visited.page.wait_for_function("before => farEnd.now.transceivers[0].sender.track.id !== before", arg=before)
    assert visited.page.evaluate("JSON.parse(localStorage['omnilive.settings']).microphone") != ""


def test_a_phone_switches_between_its_two_cameras(visit: Open) -> None:
    visited = visit(is_mobile=True, has_touch=True, permissions=["camera", "microphone"])
    assert visited.page.is_hidden("#camera-flip")
    visited.start()
    visited.page.evaluate(
        """() => {
          const devices = navigator.mediaDevices, real = devices.getUserMedia.bind(devices);
          devices.getUserMedia = (constraints) => (window.asked = constraints, real(constraints));
          window.first = farEnd.now.transceivers[1].sender.track;
        }"""
    )
    visited.page.tap("#camera-flip")
    visited.page.wait_for_function("() => ![null, first].includes(farEnd.now.transceivers[1].sender.track)")
    assert visited.page.evaluate("asked.video.facingMode") == "environment"
    assert visited.page.evaluate("first.readyState") == "ended"
