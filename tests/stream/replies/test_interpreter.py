"""What live translation is switched to, by words and by hand, and in which direction it goes.

Also tests `dialogue/interpreting/local.py`, `drafted.py` and `stream/runtime/translating.py`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from stream.replies.interpreter import Interpreter
from stream.runtime.events import Expressed
from stream.runtime.link import Link
from stream.runtime.translating import TranslationChanged


class Marking:
    """A translator that marks the words with the direction."""

    async def prepare(self, source: str, target: str) -> None: ...

    async def translate(self, text: str, source: str, target: str) -> AsyncGenerator[str, None]:
        yield f"{source}>{target}: {text}"

    async def close(self) -> None: ...


@pytest.fixture
def events() -> list[Expressed]:
    return []


@pytest.fixture
def interpreter(events: list[Expressed]) -> Interpreter:
    return Interpreter(Marking(), Link(now=lambda: 0.0, emit=events.append), lambda: "en")


def test_the_other_language_is_the_one_that_is_heard(interpreter: Interpreter, events: list[Expressed]) -> None:
    said = interpreter.request("Translate for us, please.", "en")
    assert said is not None and said.startswith("All right, I translate.")
    assert interpreter.target("en") == "", "it is not known yet for whom"
    assert interpreter.target("zh") == "en"
    assert interpreter.target("en") == "zh"
    assert events[-1] == TranslationChanged("table", "en", "zh")


def test_the_other_language_may_be_named_afterwards(interpreter: Interpreter) -> None:
    interpreter.request("Translate for us.", "en")
    assert interpreter.request("Spanish.", "en") is not None
    assert interpreter.target("en") == "es"
    assert interpreter.request("Spanish is a nice language.", "en") is None


def test_each_answers_in_the_language_of_the_request(interpreter: Interpreter) -> None:
    assert interpreter.request("在英语和中文之间翻译。", "zh") == "好的，我在中文和英语之间翻译。说“停止翻译”就结束。"
    assert interpreter.target("en") == "zh"
    assert interpreter.request("Stop translating.", "en") == "All right, I stop translating."
    assert interpreter.target("en") == ""
    assert interpreter.request("Stop translating.", "en") is None, "nothing is to be stopped: the model answers"


def test_captions_are_in_one_direction(interpreter: Interpreter) -> None:
    interpreter.switch("captions", "zh")
    assert interpreter.target("en") == "zh"
    assert interpreter.target("zh") == ""
    interpreter.switch("off", "")
    assert interpreter.target("en") == ""


def test_a_reply_that_was_not_heard_switches_nothing(interpreter: Interpreter, events: list[Expressed]) -> None:
    interpreter.draft()
    interpreter.request("Translate for us into French.", "en")
    assert interpreter.target("en") == "fr"
    interpreter.settle(heard=False)
    assert (interpreter.mode, events) == ("off", [])


def test_a_model_that_cannot_says_so(events: list[Expressed]) -> None:
    unable = Interpreter(None, Link(now=lambda: 0.0, emit=events.append), lambda: "en")
    assert unable.request("Translate for us.", "en") == "I'm sorry, this language model cannot translate."
    assert unable.switch("table", "") is not None
    assert (unable.mode, unable.target("zh")) == ("off", "")
