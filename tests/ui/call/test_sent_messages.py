"""A page that comes back gets what it has missed, nothing twice."""

from __future__ import annotations

from ui.call.sent_messages import SentMessages


def sent_now(messages: SentMessages) -> list[str]:
    texts = []
    while (text := messages.next()) is not None:
        texts.append(text)
        messages.was_sent()
    return texts


def test_messages_go_out_once_and_in_order() -> None:
    messages = SentMessages()
    assert messages.next() is None
    messages.add("a")
    messages.add("b")
    assert sent_now(messages) == ["a", "b"]
    messages.add("c")
    assert sent_now(messages) == ["c"]


def test_a_page_gets_what_it_has_not_received() -> None:
    messages = SentMessages()
    for text in "abcd":
        messages.add(text)
    sent_now(messages)
    messages.resume(2)
    assert sent_now(messages) == ["c", "d"]
    messages.resume(4)
    assert sent_now(messages) == []


def test_a_wrong_count_of_a_page_is_no_error() -> None:
    messages = SentMessages()
    messages.add("a")
    for received in (0, 1, 2, 10**9):
        messages.resume(received)
        assert sent_now(messages) == (["a"] if received == 0 else [])


def test_what_is_kept_is_bounded() -> None:
    messages = SentMessages(most_kept=3)
    for text in "abcde":
        messages.add(text)
    assert sent_now(messages) == ["c", "d", "e"]
    messages.resume(0)
    assert sent_now(messages) == ["c", "d", "e"]
