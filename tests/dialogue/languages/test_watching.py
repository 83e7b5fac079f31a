"""Watch rules and descriptions in Chinese: what is recognised, what is kept, and what is said when it comes true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from dialogue.blocks import Fact, Place, SceneBlock
from dialogue.languages.language import language
from dialogue.languages.watching import came_true_in, news_in, watching_answer
from dialogue.watching.condition import Condition, WatchRule
from dialogue.watching.narration import GONE, THINGS, News
from dialogue.watching.watcher import CameTrue

ZH = language("zh")
SCENE = SceneBlock((Fact("object", "cup", 2, "left", at=1.0),), "", 1.0)


@dataclass
class RuleBook:
    possible: bool = True
    rules: tuple[WatchRule, ...] = ()
    narrating: bool = False
    removed: list[int] = field(default_factory=list)

    def add(self, condition: Condition, every_time: bool) -> WatchRule:
        self.rules = (*self.rules, WatchRule(len(self.rules) + 1, condition, every_time))
        return self.rules[-1]

    def remove(self, numbers: Sequence[int]) -> None:
        self.rules = tuple(rule for rule in self.rules if rule.number not in numbers)

    def narrate(self, on: bool) -> None:
        self.narrating = on


@pytest.mark.parametrize(
    ("text", "condition", "every"),
    [
        ("有人进来的时候告诉我。", Condition("appears", ("person",), "person"), False),
        ("看到猫就告诉我。", Condition("appears", ("cat",), "cat"), False),
        ("每次有狗出现都提醒我", Condition("appears", ("dog",), "dog"), True),
        ("杯子不见了就提醒我。", Condition("leaves", ("cup",), "cup"), False),
        ("灯关了就告诉我。", Condition("dark"), False),
        ("看到“出口”就告诉我。", Condition("text", text="出口"), False),
        ("“出口”不见了就告诉我。", Condition("text gone", text="出口"), False),
        ("屏幕上的字变了就叫我。", Condition("text changes"), False),
        ("没有人了就告诉我。", Condition("none left", ("person",), "person"), False),
        ("有三个人的时候告诉我。", Condition("count", ("person",), "person", number=3), False),
        ("有车靠近就提醒我。", Condition("approaches", ("car",), "car"), False),
        ("猫到左边的时候告诉我。", Condition("place", ("cat",), "cat", place="left"), False),
        ("看到红色的杯子就告诉我。", Condition("appears", ("cup",), "cup", "red"), False),
        ("一有什么动静就通知我。", Condition("anything"), False),
    ],
)
def test_a_rule_is_kept(text: str, condition: Condition, every: bool) -> None:
    book = RuleBook()
    assert watching_answer(text, "zh", book, SCENE) == "好的，看到了就告诉你。"
    assert [(rule.condition, rule.every_time) for rule in book.rules] == [(condition, every)]


@pytest.mark.parametrize("text", ["你看到猫了吗？", "五分钟后提醒我喝水。", "现在几点？", "告诉我一个笑话。"])
def test_other_words_are_no_rule(text: str) -> None:
    book = RuleBook()
    assert watching_answer(text, "zh", book, SCENE) is None
    assert book.rules == ()


def test_rules_and_descriptions_end() -> None:
    book = RuleBook()
    assert watching_answer("停止描述。", "zh", book, SCENE) is None
    watching_answer("看到猫就告诉我。", "zh", book, SCENE)
    assert watching_answer("不用再看着了。", "zh", book, SCENE) == "好的，我不再留意了。"
    assert watching_answer("描述一下正在发生的事情。", "zh", book, SCENE) is not None
    assert book.narrating
    watching_answer("停止描述。", "zh", book, SCENE)
    assert (book.rules, book.narrating) == ((), False)


@pytest.mark.parametrize(
    ("condition", "place", "text", "words"),
    [
        (Condition("appears", ("person",), "person"), "left", "", "左边来了一个人。"),
        (Condition("appears", ("cup",), "cup", "red"), "centre", "", "出现了一个红色的杯子。"),
        (Condition("leaves", ("cup",), "cup"), "", "", "杯子不见了。"),
        (Condition("none left", ("person",), "person"), "", "", "已经没有人了。"),
        (Condition("count", ("person",), "person", number=3), "left", "", "现在有三个人。"),
        (Condition("approaches", ("car",), "car"), "right", "", "汽车靠近了。"),
        (Condition("place", ("cat",), "cat", place="left"), "left", "", "猫现在在左边。"),
        (Condition("text"), "", "EXIT 4", "我看到文字“EXIT 4”。"),
        (Condition("text gone", text="出口"), "", "", "文字“出口”不见了。"),
        (Condition("text changes"), "", "", "文字变了。"),
        (Condition("dark"), "", "", "变暗了。"),
        (Condition("anything"), "", "", "有变化。"),
    ],
)
def test_what_came_true_is_said_in_chinese(condition: Condition, place: Place, text: str, words: str) -> None:
    came_true = CameTrue(WatchRule(1, condition), 1.0, place, text)
    assert came_true_in(came_true, ZH) == words
    assert came_true_in(came_true, ZH, 30.0) == f"30秒前，{words}"


def test_what_is_watched_for_is_said() -> None:
    book = RuleBook()
    assert watching_answer("你在留意什么？", "zh", book, SCENE) == "我现在没有在留意什么。"
    watching_answer("看到猫就告诉我。", "zh", book, SCENE)
    assert "1件事" in str(watching_answer("你在留意什么？", "zh", book, SCENE))


def test_changes_are_described_in_chinese() -> None:
    news = (
        News(("thing", "cat"), 2, THINGS, 1.0, "two cats"),
        News(("thing", "cup"), 0, GONE, 1.0, "the cup is gone"),
    )
    assert news_in(news, ZH, SCENE) == "现在有两只猫，杯子不见了。"
    assert news_in((News(("everything", ""), 1, THINGS, 1.0, "two cups"),), ZH, SCENE) == "我看到左边有两个杯子。"
