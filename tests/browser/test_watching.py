"""A rule that is set, shown, comes true and is said; another that is deleted; and descriptions, in the browser."""

from __future__ import annotations

import numpy as np
import skimage.data

from tests.browser.call_fixtures import GREY, OpenPage
from tests.browser.made_media import side_by_side
from tests.browser.person import ANSWER_WITHIN_MS

IN_VIEW_FRAMES = 40  # 4 s without the cat, 4 s with it


def test_what_is_watched_for_is_said_and_descriptions_are_switched(call_page: OpenPage) -> None:
    cat = side_by_side(np.asarray(skimage.data.chelsea()))
    person = call_page(shows=(GREY, cat), frames=IN_VIEW_FRAMES)
    page = person.page
    person.start()
    person.type("Tell me when you see the word exit.")
    person.reply(1)
    person.type("Tell me when a cat comes in.")
    assert person.reply(2)["text"].startswith("All right, I'll tell you when a cat comes in.")
    rules = page.locator("#watches li")
    page.locator("#watches li", has_text="when a cat comes in").wait_for(timeout=ANSWER_WITHIN_MS)
    assert rules.count() == 2
    page.get_by_label("Stop watching: when I read “exit”").click()
    assert person.reply(3)["text"] == "A cat came in."
    page.locator("#watches").wait_for(state="hidden", timeout=ANSWER_WITHIN_MS)

    assert page.get_attribute("#narrate", "aria-pressed") == "false"
    page.click("#narrate")
    page.locator("#narrate[aria-pressed=true]").wait_for(timeout=ANSWER_WITHIN_MS)
    person.reply(4)
    person.type("Stop describing.")
    page.locator("#narrate[aria-pressed=false]").wait_for(timeout=ANSWER_WITHIN_MS)
