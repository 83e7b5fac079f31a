"""The page shows captions, detections, latency and context."""

from __future__ import annotations

from typing import Any

from tests.browser.page_fixtures import Open, Visit

BUDGET = {"transcript": 450, "turn_decided": 500, "first_sound_heard": 900}


def reply(visited: Visit) -> list[str | None]:
    """The heard, waiting, cut and aside parts of the last reply."""
    item = visited.page.locator("#captions [data-role=assistant]").last
    return [item.locator(part).text_content() for part in (".heard", ".waiting", "s", ".aside")]


def colour(visited: Visit, selector: str) -> str:
    return str(visited.page.evaluate("s => getComputedStyle(document.querySelector(s)).color", selector))


def test_a_user_caption_grows_and_becomes_final(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.say("user_caption", turn=1, text="What does", final=False, typed=False)
    user = "#captions [data-role=user][data-turn='1']"
    assert visited.text(f"{user} .text") == "What does"
    assert visited.attribute(user, "data-final") == "false"
    pale = colour(visited, f"{user} .text")
    visited.say("user_caption", turn=1, text="What does the sign say?", final=True, typed=False)
    assert visited.page.locator(user).count() == 1
    assert visited.text(f"{user} .text") == "What does the sign say?"
    assert colour(visited, f"{user} .text") != pale
    visited.say("user_caption", turn=2, text="", final=True, typed=False)
    assert visited.page.locator("#captions li:visible").count() == 1


def test_the_part_of_a_reply_not_heard_yet_is_paler(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.say("reply_text", turn=1, text="I see")
    visited.say("reply_text", turn=1, text=" a cup 🍵 here")
    assert reply(visited) == ["", "I see a cup 🍵 here", "", ""]
    visited.say("reply_heard", turn=1, characters=13)  # the emoji is one character to the server, two to JavaScript
    assert reply(visited) == ["I see a cup 🍵", " here", "", ""]
    assert colour(visited, ".heard") != colour(visited, ".waiting")
    said = "I see a cup 🍵 here"
    visited.say("reply_ended", turn=1, said=said, heard=said, cut=False)
    assert reply(visited) == [said, "", "", ""]
    assert visited.attribute("[data-role=assistant]", "data-cut") == "false"


def test_the_cut_part_of_a_reply_is_struck_through_and_announced(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.say("reply_text", turn=1, text="It says exit forty-two on it.")
    visited.say("reply_ended", turn=1, said="It says exit forty-two on it.", heard="It says exit", cut=True)
    assert reply(visited) == ["It says exit", "", " forty-two on it.", " (interrupted)"]
    assert visited.attribute("[data-role=assistant]", "data-cut") == "true"
    assert visited.page.evaluate("omnilive.turns[0].reply") == {
        "text": "It says exit forty-two on it.",
        "characters": 12,
        "ended": True,
        "cut": True,
        "recalled": None,
        "cited": None,
    }


def test_a_question_stands_before_its_answer_even_if_it_comes_later(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.say("reply_text", turn=1, text="Yes.")
    visited.say("user_caption", turn=1, text="Are you there?", final=True, typed=False)
    assert visited.page.locator("#captions li").all_text_contents() == ["You: Are you there?", "Assistant: Yes."]


def test_a_late_caption_stands_before_later_turns(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.say("reply_text", turn=2, text="Yes.")
    visited.say("user_caption", turn=3, text="Fine.", final=True, typed=True)
    visited.say("user_caption", turn=1, text="Well.", final=True, typed=False)
    visited.say("user_caption", turn=2, text="Are you there?", final=True, typed=False)
    shown = ["You: Well.", "You: Are you there?", "Assistant: Yes.", "You: Fine."]
    assert visited.page.locator("#captions li").all_text_contents() == shown


def test_html_in_texts_is_shown_as_text(visit: Open) -> None:
    visited = visit()
    visited.start()
    evil = "<img src=x onerror=\"document.title='evil'\"><script>document.title='evil'</script>"
    visited.say("user_caption", turn=1, text=evil, final=True, typed=True)
    visited.say("reply_text", turn=1, text=evil)
    visited.say("scene", **scene(texts=[{"text": evil, "box": [0, 0, 0.5, 0.5]}], description=evil))
    visited.say("notice", level="info", code="x", text=evil)
    visited.say("context", tokens={evil: 5}, limit=10, dropped=0)
    visited.page.click("#details-toggle")
    assert visited.text("#captions .text") == evil
    assert visited.page.locator("#captions img, #overlay img, #notice img, #context-legend img").count() == 0
    assert visited.page.title() == "omnilive"


def test_the_list_does_not_scroll_while_the_reader_has_scrolled_up(visit: Open) -> None:
    visited = visit()
    visited.start()
    for turn in range(1, 40):
        visited.say("reply_text", turn=turn, text=f"Answer number {turn}.")
    view = "document.querySelector('#conversation .scroll')"
    distance = f"{view}.scrollHeight - {view}.clientHeight - {view}.scrollTop"
    assert visited.page.evaluate(distance) < 2
    visited.page.evaluate(f"{view}.scrollTop = 0")
    visited.page.wait_for_selector("#latest:visible")
    visited.say("reply_text", turn=40, text="One more.")
    assert visited.page.evaluate(f"{view}.scrollTop") == 0
    visited.page.click("#latest")
    assert visited.page.evaluate(distance) < 2
    assert visited.page.is_hidden("#latest")


def scene(**changes: Any) -> dict[str, Any]:
    empty = {"at": 1.0, "objects": [], "texts": [], "description": "", "camera": True}
    return {**empty, **changes}


def test_detections_are_drawn_at_their_position(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.wait_for_function("() => document.querySelector('#preview').videoWidth === 1280")
    visited.say(
        "scene",
        **scene(
            objects=[{"label": "cup", "score": 0.9, "box": [0.25, 0.5, 0.75, 1.0]}],
            texts=[{"text": "EXIT", "box": [0.0, 0.0, 0.2, 0.1]}],
            description="I see a cup.",
        ),
    )
    assert visited.page.locator("#overlay .seen").all_text_contents() == ["cup", "EXIT"]
    assert visited.page.locator("#overlay .seen").evaluate_all("all => all.map(e => e.dataset.kind)") == [
        "object",
        "text",
    ]
    picture = visited.page.locator("#preview").bounding_box()
    box = visited.page.locator("#overlay [data-kind=object]").bounding_box()
    assert picture and box
    assert abs(box["x"] - (picture["x"] + picture["width"] / 4)) < 3
    assert abs(box["y"] - (picture["y"] + picture["height"] / 2)) < 3
    assert abs(box["width"] - picture["width"] / 2) < 3
    assert visited.text("#scene-description") == "I see a cup."

    visited.page.click("#overlay-toggle")
    assert visited.page.is_hidden("#overlay")
    assert visited.page.is_visible("#scene-description")
    visited.say("scene", **scene(camera=False))
    assert visited.page.locator("#overlay .seen").count() == 0
    assert visited.page.is_hidden("#scene-description")


def test_a_box_moves_with_its_object(visit: Open) -> None:
    visited = visit()
    visited.start()
    cup = {"label": "cup", "score": 0.9, "box": [0.2, 0.2, 0.4, 0.4]}
    visited.say("scene", **scene(objects=[cup]))
    visited.page.evaluate("document.querySelector('.seen').mine = true")
    visited.say(
        "scene", **scene(objects=[{**cup, "box": [0.7, 0.7, 0.9, 0.9]}, {**cup, "box": [0.22, 0.2, 0.42, 0.4]}])
    )
    kept = "[...document.querySelectorAll('.seen')].map(e => [e.mine === true, parseFloat(e.style.width) > 0])"
    assert visited.page.evaluate(kept) == [[True, True], [False, True]]


def test_the_latency_of_the_last_turns_is_drawn_and_tabulated(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.click("#details-toggle")
    for turn, heard in enumerate([880, 950, 640], start=1):
        marks = {"transcript": 400, "turn_decided": 430, "first_sound_heard": heard}
        over = ["first_sound_heard"] if heard > 900 else []
        visited.say("latency", turn=turn, marks=marks, budget=BUDGET, over=over)
    assert visited.text("#latency-summary") == "Sound heard after 640 ms, budget 900 ms"
    assert visited.attribute("#latency-stages", "aria-label") == "Sound heard after 640 ms, budget 900 ms"
    assert visited.page.locator("#latency-stages .bar").count() == 3
    assert visited.page.locator("#latency-turns .bar").count() == 3
    assert visited.page.locator("#latency-turns .bar.over").count() == 1
    rows = visited.page.locator("#latency-table tr")
    assert rows.nth(0).locator("th").all_text_contents() == ["Turn", "Transcript", "Turn decided", "Sound heard"]
    assert rows.nth(2).locator("th, td").all_text_contents() == ["2", "400 ms", "430 ms", "950 ms over"]
    bar = visited.page.locator("#latency-stages .bar").nth(0).bounding_box()
    track = visited.page.locator("#latency-stages .track").nth(0).bounding_box()
    assert bar and track
    assert abs(bar["width"] / track["width"] - 400 / 950) < 0.02


def test_the_context_meter_shows_kinds_limit_and_evicted_blocks(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.say("context", tokens={"system": 200, "reply": 300, "novelty": 12}, limit=2048, dropped=3)
    visited.page.click("#details-toggle")  # messages that came while it was closed are drawn on opening
    assert visited.text("#context-summary") == "512 of 2,048 tokens, 3 older blocks evicted"
    assert visited.page.locator("#context-legend li").all_text_contents() == [
        "Instructions 200",
        "Its answers 300",
        "Novelty 12",
    ]
    meter = visited.page.locator("#context-bar")
    assert [meter.get_attribute(f"aria-value{part}") for part in ("now", "max")] == ["512", "2048"]
    widths = meter.locator("span").evaluate_all("all => all.map(e => parseFloat(e.style.width))")
    assert [round(width, 1) for width in widths] == [9.8, 14.6, 0.6]
