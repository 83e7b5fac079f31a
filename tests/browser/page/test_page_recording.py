"""The page says why the assistant did what it did, and records nothing that the user has not agreed to."""

from __future__ import annotations

from tests.browser.page_fixtures import Open


def test_reasons_are_shown_newest_first_with_the_record_of_the_turn(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.say("why", turn=1, kind="answered", text="waited 380 ms: 0.41 that you had finished", at=3.2)
    visited.say("why", turn=1, kind="late", text="late: 900 ms from your last sound to mine", at=3.9)
    visited.page.click("#details-toggle")
    reasons = visited.page.locator("#why-list li")
    assert reasons.all_text_contents() == [
        "Turn 1 late: 900 ms from your last sound to mine",
        "Turn 1 waited 380 ms: 0.41 that you had finished",
    ]
    assert reasons.nth(0).get_attribute("data-kind") == "late"
    delays = {"silence": 380, "network": 2.04, "jitter_buffer": 61}
    visited.say("turn_record", turn=1, outcome="heard", delays=delays, pauses=[[130, 0.41]], broken_by="transcript")
    shown = visited.text("#turn-record")
    assert "heard to its end" in shown and "network 2.0 ms" in shown and "because of the transcript" in shown


def test_a_reply_that_was_taken_back_is_not_shown_twice(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.say("user_caption", turn=1, text="What is", final=True, typed=False)
    visited.say("reply_text", turn=1, text="Sorry")
    visited.say("why", turn=1, kind="taken_back", text="took the answer back", at=2.0)
    assert visited.page.locator("#captions [data-role=assistant]").count() == 0
    visited.say("reply_text", turn=1, text="Sorry, I see no cup.")
    assert visited.text("#captions [data-role=assistant] .waiting") == "Sorry, I see no cup."


def test_a_call_is_recorded_only_where_the_user_agrees_and_says_so_all_along(visit: Open) -> None:
    visited = visit()
    assert visited.page.is_hidden("#record-choice"), "this server records nothing"
    visited.desk.health = {"status": "ok", "records": True}
    visited.page.reload()
    visited.page.wait_for_selector("#record-choice", state="visible")
    assert not visited.page.is_checked("#record")
    visited.start()
    assert "record" not in visited.desk.offers[-1]
    assert visited.page.is_hidden("#record-choice") and visited.page.is_hidden("#recorded")
    visited.page.click("#start")
    visited.page.check("#record")
    visited.start()
    assert visited.desk.offers[-1]["record"] is True
    visited.say("hello", session="s1", recorded=True)
    visited.page.wait_for_selector("#recorded", state="visible")
    visited.page.click("#start")
    assert visited.page.is_hidden("#recorded")
    assert not visited.page.is_checked("#record"), "the next call is asked about again"
