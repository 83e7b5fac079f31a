"""What the camera and the screen show: an object comes into view, the lens is covered, a screen takes its place."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import skimage.data
from playwright.sync_api import Page

from tests.browser.call_fixtures import GREY, OpenPage
from tests.browser.made_media import Rgb, side_by_side, sign
from tests.browser.person import ANSWER_WITHIN_MS

SETTLING_MS = 2500  # what is seen in the first 2 s of a camera was there before, and does not come into view
# A camera that shows pictures when the test says so, in place of one that shows a film.
CAMERA = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const pen = canvas.getContext("2d");
  let picture = canvas;
  setInterval(() => pen.drawImage(picture, 0, 0), 100);
  window.put = async (png) => {
    picture = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (each) => each.charCodeAt(0))]));
  };
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    for (const track of stream.getVideoTracks()) {
      track.stop();
      stream.removeTrack(track);
      stream.addTrack(canvas.captureStream(10).getVideoTracks()[0]);
    }
    return stream;
  };
}"""
# A screen with a text on it: in a test there is nobody who chooses one, and no screen.
SHARE = """(words) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
  const draw = () => {
    const pen = canvas.getContext("2d");
    pen.fillStyle = "white";
    pen.fillRect(0, 0, 1280, 720);
    pen.fillStyle = "black";
    pen.font = "90px sans-serif";
    pen.fillText(words, 120, 380);
  };
  setInterval(draw, 200);
  draw();
  navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream(5);
}"""


def put_before_the_camera(page: Page, picture: Rgb) -> None:
    encoded, png = cv2.imencode(".png", picture[:, :, ::-1])
    assert encoded
    page.evaluate("png => put(png)", base64.b64encode(png.tobytes()).decode())


def test_a_cat_comes_into_view_and_is_narrated_and_a_covered_lens_is_said(call_page: OpenPage) -> None:
    person = call_page()
    page = person.page
    page.evaluate(CAMERA)
    put_before_the_camera(page, GREY)
    person.start()
    page.click("#narrate")
    person.wait_until_seen()
    page.wait_for_timeout(SETTLING_MS)
    put_before_the_camera(page, side_by_side(np.asarray(skimage.data.chelsea())))
    page.locator('#overlay .seen[data-kind="object"]', has_text="cat").wait_for(timeout=ANSWER_WITHIN_MS)
    person.wait_for_words("assistant", "cat")
    page.click("#narrate")
    put_before_the_camera(page, np.zeros_like(GREY))
    person.wait_until_seen("lens is covered")
    assert page.locator("#overlay .seen").count() == 0


def test_the_screen_takes_the_place_of_the_camera_and_is_read(call_page: OpenPage) -> None:
    person = call_page(shows=sign("EXIT 42"))
    page = person.page
    person.start()
    page.locator('#overlay .seen[data-kind="text"]', has_text="EXIT 42").wait_for(timeout=ANSWER_WITHIN_MS)
    page.evaluate(SHARE, "Invoice 7731")
    page.click("#screen")
    page.locator("#screen[aria-pressed=true]").wait_for()
    person.wait_until_seen("Invoice 7731")
    person.type("What does it say?")
    assert "Invoice 7731" in person.reply(1)["text"]
    page.click("#screen")
    person.wait_until_seen("EXIT 42")
    assert page.get_attribute("#camera-toggle", "aria-pressed") == "true"
