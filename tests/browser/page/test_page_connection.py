"""The page with a busy, unreachable, protected or lost server: its notices, retries and actions."""

from __future__ import annotations

from tests.browser.page.test_page import shown
from tests.browser.page_fixtures import Open

BUSY = (503, 1, {"code": "busy", "message": "busy"})
TOKEN = (401, 0, {"code": "token", "message": "token"})


def test_a_busy_server_is_called_again(visit: Open) -> None:
    visited = visit()
    visited.desk.refusals = [BUSY]
    visited.page.click("#start")
    visited.wait_for("busy")
    assert "about 1 seconds" in shown(visited, "call")
    visited.wait_for("listening")
    assert len(visited.desk.offers) == 2
    assert visited.page.query_selector(".notice") is None


def test_waiting_for_a_slot_can_be_stopped(visit: Open) -> None:
    visited = visit()
    visited.desk.refusals = [(503, 600, {"code": "busy", "message": "busy"})]
    visited.page.click("#start")
    visited.wait_for("busy")
    visited.page.click("#start")
    visited.wait_for("idle")
    assert visited.text("#start") == "Start"


def test_the_page_waits_for_a_server_that_is_loading(visit: Open) -> None:
    visited = visit()
    visited.desk.refusals = [(503, 1, {"code": "starting", "message": "loading"})]
    visited.start()
    assert len(visited.desk.offers) == 2


def test_the_token_is_taken_out_of_the_address_and_sent(visit: Open) -> None:
    visited = visit(fragment="#token=s3cret-token")
    assert visited.page.url.endswith("/")
    visited.start()
    assert visited.desk.authorizations == ["Bearer s3cret-token"]
    visited.page.reload()
    visited.start()
    assert visited.desk.authorizations[-1] == "Bearer s3cret-token"


def test_a_missing_token_is_asked_for_and_taken_from_the_address(visit: Open) -> None:
    visited = visit()
    visited.desk.refusals = [TOKEN]
    visited.page.click("#start")
    visited.wait_for("error")
    assert "#token=" in shown(visited, "call")
    visited.page.evaluate("location.hash = 'token=right'")
    visited.wait_for("listening")
    assert visited.desk.authorizations == [None, "Bearer right"]


def test_an_unreachable_server_is_an_error_with_a_retry(visit: Open) -> None:
    visited = visit()
    visited.desk.unreachable = True
    visited.page.click("#start")
    visited.wait_for("error")
    assert "does not answer" in shown(visited, "call")
    assert visited.page.evaluate("document.querySelector('#preview').srcObject") is None
    visited.desk.unreachable = False
    visited.page.click(".notice .action")
    visited.wait_for("listening")


def test_the_servers_message_of_a_refusal_is_shown_as_text(visit: Open) -> None:
    visited = visit()
    visited.desk.refusals = [(400, 0, {"code": "bad_offer", "message": "No sound <b>here</b>."})]
    visited.page.click("#start")
    visited.wait_for("error")
    assert "No sound <b>here</b>." in shown(visited, "call")


def test_after_a_lost_network_the_page_calls_again_and_says_so(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.say("user_caption", turn=1, text="Tell me", final=True, typed=False)
    visited.say("reply_text", turn=1, text="Once upon a time")
    visited.say("reply_heard", turn=1, characters=4)
    visited.page.evaluate("farEnd.become('failed')")
    visited.page.wait_for_function("() => farEnd.peers.length === 2 && omnilive.state === 'listening'")
    assert visited.desk.offers[1]["replaces"] == "s1"
    assert visited.text("#captions .divider") == "New call", "this server did not resume the old one"
    assert visited.attribute("[data-role=assistant]", "data-cut") == "true"
    assert visited.text("[data-role=assistant] s") == " upon a time"
    visited.say("user_caption", turn=1, text="Again", final=True, typed=False)
    assert visited.page.locator("[data-role=user]").all_text_contents() == ["You: Tell me", "You: Again"]


def test_a_typed_message_lost_with_the_call_is_sent_in_the_next_one(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.type("Is anybody there?")
    assert visited.page.input_value("#say-text") == ""
    visited.page.evaluate("farEnd.become('failed')")
    visited.page.wait_for_function("() => farEnd.peers.length === 2 && omnilive.state === 'listening'")
    assert [message["text"] for message in visited.sent("say")] == ["Is anybody there?"] * 2
    visited.say("user_caption", turn=1, text="Is anybody there?", final=True, typed=True)
    visited.page.evaluate("farEnd.become('failed')")
    visited.page.wait_for_function("() => farEnd.peers.length === 3 && omnilive.state === 'listening'")
    assert len(visited.sent("say")) == 2, "the server has received it"
    assert visited.page.input_value("#say-text") == ""


def test_a_lost_message_does_not_send_new_input(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.type("Is anybody there?")
    visited.page.fill("#say-text", "I am ty")
    visited.page.evaluate("farEnd.become('failed')")
    visited.page.wait_for_function("() => farEnd.peers.length === 2 && omnilive.state === 'listening'")
    assert len(visited.sent("say")) == 1
    assert visited.page.input_value("#say-text") == "Is anybody there? I am ty"


def test_a_network_that_recovers_needs_no_new_call(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.evaluate("farEnd.become('disconnected')")
    visited.wait_for("reconnecting")
    visited.page.evaluate("farEnd.become('connected')")
    visited.wait_for("listening")
    assert len(visited.desk.offers) == 1


def test_a_lost_path_is_replaced_without_a_new_call(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.desk.moves = True
    visited.page.evaluate("farEnd.become('disconnected')")
    visited.page.wait_for_function("() => farEnd.now.connectionState === 'connected'")
    visited.wait_for("listening")
    assert len(visited.desk.offers) == 1
    assert [path["type"] for path in visited.desk.paths] == ["offer"]


def test_a_server_that_is_gone_is_noticed_by_its_silence(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.wait_for_function("() => farEnd.now.packets > 10")
    visited.desk.gone = True
    visited.page.evaluate("farEnd.quiet = true")
    visited.page.wait_for_function("() => omnilive.state === 'reconnecting'", timeout=3000)
    visited.page.evaluate("farEnd.quiet = false")
    visited.wait_for("listening")
    assert len(visited.desk.offers) == 2


def test_silence_of_a_server_that_still_answers_is_not_the_end(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.wait_for_function("() => farEnd.now.packets > 10")
    with visited.page.expect_response("**/healthz"):
        visited.page.evaluate("farEnd.quiet = true")
    visited.page.wait_for_timeout(500)
    assert visited.page.evaluate("omnilive.state") == "listening"
    assert len(visited.desk.offers) == 1


def test_reconnecting_backs_off_and_can_be_retried_at_once(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.desk.unreachable = True
    visited.page.evaluate("farEnd.now.channel.onclose()")
    visited.wait_for("reconnecting")
    visited.page.wait_for_function("() => farEnd.peers.length >= 3")
    assert visited.page.evaluate("farEnd.peers.slice(0, -1).every(peer => peer.closed)")
    visited.desk.unreachable = False
    visited.page.evaluate("dispatchEvent(new Event('online'))")
    visited.wait_for("listening")


def test_the_servers_goodbye_ends_the_call(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.say("bye", reason="the server is shutting down")
    visited.wait_for("stopped")
    assert "shutting down" in shown(visited, "over")
    assert visited.text("#start") == "Start"
    visited.page.click(".notice .action")
    visited.wait_for("listening")


def test_the_page_reports_delay_and_shows_the_round_trip(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.wait_for_function("() => farEnd.sent.some(m => m.type === 'playout')")
    assert visited.sent("playout") == [{"delay_ms": 40}]
    visited.page.click("#details-toggle")
    assert visited.text("#playout") == "40 ms"
    assert visited.text("#rtt").endswith(" ms")
    assert visited.page.evaluate("farEnd.pings") >= 2


def test_a_notice_of_the_server_is_shown_as_text_until_it_is_dismissed(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.say("notice", level="warning", code="silent_microphone", text="No <i>sound</i> comes.")
    assert "No <i>sound</i> comes." in shown(visited, "server_silent_microphone")
    visited.page.click(".notice .dismiss")
    assert visited.page.query_selector(".notice") is None
