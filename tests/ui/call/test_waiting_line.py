"""The queue keeps positions, forgets who has left, and estimates from calls that were made."""

from __future__ import annotations

from ui.call.waiting_line import MOST_PER_CLIENT, MOST_WAITING, PATIENCE_S, WaitingLine


def test_positions_follow_the_order_of_first_calls() -> None:
    line = WaitingLine()
    first = line.wait(None, "a", 0.0)
    second = line.wait(None, "b", 1.0)
    assert (line.position(first, 2.0), line.position(second, 2.0), line.position(None, 2.0)) == (1, 2, 3)
    assert line.wait(second, "b", 3.0) == second
    line.leave(first)
    assert (line.position(second, 4.0), line.position(None, 4.0)) == (1, 2)


def test_a_caller_that_does_not_ask_again_has_left() -> None:
    line = WaitingLine()
    gone, stays = line.wait(None, "a", 0.0), line.wait(None, "b", 0.0)
    line.wait(stays, "b", PATIENCE_S)
    assert line.position(stays, PATIENCE_S + 1) == 1
    assert line.position(gone, PATIENCE_S + 1) == 2
    assert len(line) == 1


def test_one_client_cannot_fill_the_queue() -> None:
    line = WaitingLine()
    tickets = [line.wait(None, "a", 0.0) for _ in range(MOST_PER_CLIENT + 1)]
    assert None not in tickets[:-1] and tickets[-1] is None
    assert line.wait(None, "b", 0.0) is not None


def test_the_queue_is_bounded_for_exempt_clients_too() -> None:
    line = WaitingLine()
    assert all(line.wait(None, None, 0.0) for _ in range(MOST_WAITING))
    assert line.wait(None, None, 0.0) is None


def test_an_invented_ticket_gives_no_position() -> None:
    line = WaitingLine()
    line.wait(None, "a", 0.0)
    assert line.position("invented", 0.0) == 2
    assert line.wait("invented", "b", 0.0) != "invented"


def test_the_wait_is_estimated_from_the_calls_that_have_ended() -> None:
    line = WaitingLine()
    assert line.expected_wait_s(1, 2) is None
    line.call_ended(100.0)
    line.call_ended(200.0)
    assert line.expected_wait_s(1, 2) == 75.0
    assert line.expected_wait_s(4, 2) == 300.0
