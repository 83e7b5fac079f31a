"""Requests about the memory in Chinese: what they mean, and that they delete exactly that."""

from __future__ import annotations

import pytest

from dialogue.memory.event_log import EventLog
from dialogue.requests.memory_requests import MemoryRequest, memory_request
from dialogue.requests.memory_talk import MemoryTalk


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("忘掉刚才的话。", MemoryRequest("that")),
        ("请把今天的通话都忘掉。", MemoryRequest("call")),
        ("全部忘掉吧。", MemoryRequest("all")),
        ("把你的记忆都清空。", MemoryRequest("all")),
        ("忘掉关于我地址的事情。", MemoryRequest("about", "我地址")),
        ("你知道关于我的什么？", MemoryRequest("known")),
        ("你会记住我们的通话吗？", MemoryRequest("kept")),
        ("好的。", MemoryRequest("yes")),
        ("不要。", MemoryRequest("no")),
    ],
)
def test_requests_are_understood(text: str, request_: MemoryRequest) -> None:
    assert memory_request(text, "zh") == request_


@pytest.mark.parametrize("text", ["我忘了带钥匙。", "你知道北京吗？", "现在几点？", "我忘不掉她。"])
def test_other_words_are_no_requests(text: str) -> None:
    assert memory_request(text, "zh") is None


def test_what_is_asked_to_be_forgotten_is_forgotten() -> None:
    log = EventLog()
    address, dog = log.add("told", "我的地址是花园路五号。", 1.0), log.add("told", "我的狗叫旺财。", 2.0)
    own = log.add("told", "忘掉关于我地址的事情。", 3.0)
    talk = MemoryTalk(log)
    request = talk.request("忘掉关于我地址的事情。", "", "zh")
    assert request is not None
    answer = talk.answer(request, "", 3.0, own, "zh")
    assert answer.text == "好的，已经忘掉了。"
    assert answer.forget == {address, own} and dog not in answer.forget


def test_what_is_known_is_said_and_everything_is_forgotten_after_a_yes() -> None:
    log = EventLog()
    line = log.add("told", "我的狗叫旺财。", 1.0)
    talk = MemoryTalk(log)
    assert "我的狗叫旺财" in talk.answer(MemoryRequest("known"), "", 2.0, None, "zh").text
    question = talk.answer(MemoryRequest("all"), "", 3.0, None, "zh").text
    assert question == "要全部忘掉吗？"
    agreed = talk.request("好的。", question, "zh")
    assert agreed == MemoryRequest("yes")
    assert talk.answer(agreed, question, 4.0, None, "zh").forget == {line}
