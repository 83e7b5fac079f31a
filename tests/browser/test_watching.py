"""A rule that is set, shown, said when it comes true, and deleted; and the switch of descriptions, in the browser."""

from __future__ import annotations

import numpy as np
import skimage.data

from tests.browser.call_fixtures import GREY, OpenPage
from tests.browser.made_media import side_by_side
from tests.browser.person import ANSWER_WITHIN_MS

IN_VIEW_FRAMES = 30  # 3 s without the cat, 3 s with it


def test_what_is_watched_for_is_said_and_descriptions_are_switched(call_page: OpenPage) -> None:
    cat = side_by_side(np.asarray(skimage.data.chelsea()))
    person = call_page(shows=(GREY, cat), frames=IN_VIEW_FRAMES)
    page = person.page
    person.start()
    person.wait_until_seen()
    person.type("Tell me every time a cat comes in.")
    rules = page.locator("#watches li", has_text="every time a cat comes in")
    rules.wait_for(timeout=ANSWER_WITHIN_MS)
    assert person.reply(2)["text"] == "A cat came in."
    page.get_by_label("Stop watching: every time a cat comes in").click()
    page.locator("#watches").wait_for(state="hidden", timeout=ANSWER_WITHIN_MS)

    assert page.get_attribute("#narrate", "aria-pressed") == "false"
    page.click("#narrate")
    page.locator("#narrate[aria-pressed=true]").wait_for(timeout=ANSWER_WITHIN_MS)
    assert person.reply(3)["text"]
    page.click("#narrate")
    page.locator("#narrate[aria-pressed=false]").wait_for(timeout=ANSWER_WITHIN_MS)
