"""Captions and replies are never dropped; stale state is superseded."""

from __future__ import annotations

import asyncio

from tests.virtual_time import run_in_virtual_time
from ui.realtime.outbox import MOST_WAITING, Outbox
from ui.realtime.wire import Message


def left(*messages: Message) -> list[Message]:
    """The messages that can be read after all of these were put in."""

    async def run() -> list[Message]:
        outbox = Outbox()
        for message in messages:
            outbox.put(message)
        outbox.close()
        outbox.put({"type": "bye"})
        out = []
        while (taken := await outbox.take()) is not None:
            out.append(taken)
        return out

    return run_in_virtual_time(run())


def caption(turn: int, text: str, final: bool = False) -> Message:
    return {"type": "user_caption", "turn": turn, "text": text, "final": final}


def test_captions_and_replies_keep_their_order() -> None:
    words: list[Message] = [{"type": "reply_text", "turn": 1, "text": str(n)} for n in range(5)]
    assert left(*words) == words


def test_only_the_newest_scene_is_kept_and_it_comes_last() -> None:
    scenes: list[Message] = [{"type": "scene", "at": n} for n in range(3)]
    word: Message = {"type": "reply_text", "turn": 1, "text": "a"}
    assert left(scenes[0], word, scenes[1], scenes[2]) == [word, scenes[2]]


def test_a_caption_replaces_only_the_one_that_it_repeats() -> None:
    assert left(
        caption(1, "what"),
        caption(1, "what is"),
        caption(1, "what is it", final=True),
        caption(2, "and"),
        caption(2, "and now"),
    ) == [caption(1, "what is it", final=True), caption(2, "and now")]


def test_a_final_caption_is_never_replaced() -> None:
    assert left(caption(1, "a", final=True), caption(1, "b", final=True)) == [
        caption(1, "a", final=True),
        caption(1, "b", final=True),
    ]


def test_a_flood_of_bad_messages_is_answered_once() -> None:
    reported: list[Message] = [{"type": "notice", "code": "bad_message", "text": str(n)} for n in range(100)]
    assert left(*reported, {"type": "notice", "code": "quiet", "text": ""}) == [
        reported[-1],
        {"type": "notice", "code": "quiet", "text": ""},
    ]


def test_a_page_that_does_not_read_is_noticed() -> None:
    async def run() -> list[bool]:
        outbox = Outbox()
        over = []
        for n in range(MOST_WAITING + 1):
            outbox.put({"type": "reply_text", "turn": n, "text": "x"})
            over.append(outbox.overflowing)
        return over

    assert run_in_virtual_time(run()) == [False] * MOST_WAITING + [True]


def test_the_reader_waits_for_the_writer() -> None:
    async def run() -> tuple[float, Message | None, Message | None]:
        outbox, loop = Outbox(), asyncio.get_running_loop()
        loop.call_later(2.0, outbox.put, {"type": "pong", "t": 1})
        loop.call_later(3.0, outbox.close)
        first = await outbox.take()
        return loop.time(), first, await outbox.take()

    assert run_in_virtual_time(run()) == (2.0, {"type": "pong", "t": 1}, None)
