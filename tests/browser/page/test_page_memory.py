"""The page shows the context: blocks by kind, evicted blocks, and recalled answers."""

from __future__ import annotations

import pytest

from tests.browser.page_fixtures import Open, Visit

CONTEXT = {
    "tokens": {"system": 200, "recap": 40, "text": 90, "reply": 60},
    "limit": 1000,
    "dropped": 7,
    "blocks": [["system", 200], ["recap", 40], ["text", 50], ["reply", 60], ["text", 40]],
    "left": {"text": 3, "reply": 2, "picture": 2},
}


def answer(visited: Visit, turn: int, asked: str, said: str, at: float | None = None, *, cut: bool = False) -> None:
    visited.say("user_caption", turn=turn, text=asked, final=True, typed=False)
    if at is not None:
        visited.say("reply_recalled", turn=turn, at=at)
    visited.say("reply_text", turn=turn, text=said)
    visited.say("reply_ended", turn=turn, said=said, heard=said[:5] if cut else said, cut=cut)


def test_the_meter_shows_every_block_in_order_and_evicted_blocks_by_kind(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.click("#details-toggle")
    visited.say("context", **CONTEXT)
    assert visited.text("#context-summary") == "390 of 1,000 tokens, 7 older blocks evicted"
    assert visited.page.locator("#context-legend li").all_text_contents() == [
        "Instructions 200",
        "Recap 40",
        "Your words 2 blocks, 3 evicted 90",
        "Its answers 2 evicted 60",
        "Pictures 2 evicted 0",
    ]
    parts = visited.page.locator("#context-bar span")
    assert parts.evaluate_all("all => all.map(e => e.style.width)") == ["20%", "4%", "5%", "6%", "4%"]
    hues = parts.evaluate_all("all => all.map(e => e.dataset.hue)")
    assert hues[2] == hues[4] and len(set(hues)) == 4
    assert parts.nth(2).get_attribute("title") == "Your words: 50 tokens"
    assert visited.attribute("#context-bar", "aria-valuetext") == visited.text("#context-summary")


def test_the_quotation_behind_an_answer_is_shown_by_a_click(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.say("reply_cited", turn=1, source="contract, page 3", text="The rent is <b>900</b> euros.")
    answer(visited, 1, "What is the rent?", "900 euros, it says in the contract, page 3.")
    answer(visited, 2, "And who are you?", "Your assistant.")
    quotation = "#captions [data-role=assistant][data-turn='1'] .cited blockquote"
    assert visited.page.is_hidden(quotation) and visited.page.is_hidden("[data-turn='2'] .cited")
    visited.page.click("[data-turn='1'] .cited summary")
    assert visited.page.is_visible(quotation)
    assert visited.text("[data-turn='1'] .cited summary") == "contract, page 3"
    assert visited.text(quotation) == "The rent is <b>900</b> euros."


def test_a_recalled_answer_is_marked_with_its_time(visit: Open) -> None:
    visited = visit()
    visited.start()
    answer(visited, 1, "What is this?", "A cup.")
    answer(visited, 2, "What did the sign say?", "It said exit.", 42.7)
    marks = visited.page.locator("#captions [data-role=assistant] .recalled")
    assert marks.all_text_contents() == ["", "Recalled from 0:42"]
    assert visited.page.is_hidden("#captions [data-turn='1'] .recalled")
    assert visited.page.is_visible("#captions [data-turn='2'] .recalled")
    assert visited.attribute("[data-role=assistant][data-turn='2']", "data-recalled") == "true"
    lines = visited.page.locator("#announce p").all_text_contents()
    assert lines[-1] == "Assistant: Recalled from 0:42. It said exit."
    assert "Assistant: A cup." in lines


@pytest.mark.parametrize(("at", "shown"), [(0.4, "0:00"), (61, "1:01"), (2347.9, "39:07"), (3725, "1:02:05")])
def test_times_are_shown_like_a_clock(visit: Open, at: float, shown: str) -> None:
    visited = visit()
    visited.start()
    answer(visited, 1, "What did I say?", "You said hello.", at, cut=True)
    assert visited.text("#captions .recalled") == f"Recalled from {shown}"


def test_the_details_list_recalled_answers_newest_first(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.click("#details-toggle")
    assert visited.page.is_hidden("#context-recalls")
    for turn in range(1, 9):
        answer(visited, turn, f"Question {turn}?", "An answer.", 60.0 * turn)
    answer(visited, 9, "And now?", "Nothing.")
    assert visited.text("#context-recalls h3") == "Recalled: 8"
    entries = visited.page.locator("#context-recalls li")
    assert entries.count() == 6
    assert entries.first.text_content() == "8:00 Question 8?"
    assert entries.first.locator("time").get_attribute("datetime") == "PT480S"


def test_html_in_recalled_answers_is_shown_as_text(visit: Open) -> None:
    visited = visit()
    visited.start()
    evil = "<img src=x onerror=document.title='x'>"
    answer(visited, 1, evil, evil, 5.0)
    visited.say("context", tokens={"text": 1}, limit=9, dropped=1, blocks=[[evil, 1]], left={evil: 1})
    visited.page.click("#details-toggle")
    assert visited.page.locator("#details img, #captions img").count() == 0
    assert visited.text("#context-recalls li") == f"0:05 {evil}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_dark_and_light_colours(visit: Open, scheme: str) -> None:
    visited = visit(size=(360, 740), color_scheme=scheme, has_touch=True)
    visited.start()
    visited.say("context", **CONTEXT)
    answer(visited, 1, "What did the very long sign beside the door say at the beginning?", "It said exit.", 42.0)
    ground = "getComputedStyle(document.querySelector('#details')).backgroundColor"
    visited.page.click("#details-toggle")
    assert visited.page.evaluate("document.querySelector('#details').scrollWidth") <= 360
    assert visited.page.locator("#context-recalls li").first.is_visible()
    ink = visited.page.evaluate("getComputedStyle(document.querySelector('#context-recalls time')).color")
    assert contrast(ink, str(visited.page.evaluate(ground))) >= 4.5


def contrast(ink: str, ground: str) -> float:
    """The WCAG contrast of two CSS colours."""
    one, other = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (one + 0.05) / (other + 0.05)


def luminance(colour: str) -> float:
    channels = [int(part) / 255 for part in colour[4:-1].split(",")]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
