"""What was said, read and seen before, asked in Chinese. Also tests `past_words.py`."""

from __future__ import annotations

from datetime import datetime

import pytest

from dialogue.blocks import Fact, SceneBlock
from dialogue.languages.language import language
from dialogue.languages.past import past_answer
from dialogue.languages.past_words import on_the_day, search_terms
from dialogue.memory.event_log import EventLog
from dialogue.memory.scene_memory import SceneMemory

ZH = language("zh")
NOW = 200.0


def log() -> EventLog:
    lines = EventLog()
    lines.add("told", "我的钥匙在厨房的抽屉里。", 20.0)
    lines.add("told", "我把车停在三楼。", 30.0)
    lines.add("told", "我妹妹叫小红，在医院工作。", 40.0)
    lines.add("asked", "我的钥匙是什么颜色？", 50.0)
    lines.add("said", "上海的人口大约两千五百万。", 60.0)
    return lines


def scenes(lines: EventLog) -> SceneMemory:
    memory = SceneMemory(lines)
    facts = (Fact("object", "cat", 1, "left", since=70.0, at=80.0), Fact("text", "", text="出口", since=70.0, at=80.0))
    memory.see(SceneBlock(facts, "", 80.0))
    memory.see(SceneBlock((Fact("object", "cup", 1, "right", since=90.0, at=NOW),), "", NOW))
    return memory


def answer(asked: str) -> str | None:
    lines = log()
    known = past_answer(asked, ZH, lines, scenes(lines), NOW, None)
    return known.text if known is not None else None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("我的钥匙在哪里？", "你3分钟前告诉我：“我的钥匙在厨房的抽屉里。”。"),
        ("你还记得我把车停在哪儿吗？", "你2分钟前告诉我：“我把车停在三楼。”。"),
        ("我说过我妹妹叫什么名字？", "你2分钟前告诉我：“我妹妹叫小红，在医院工作。”。"),
        ("我有没有告诉过你我的护照号码？", "我不记得你跟我说过这个。"),
        ("你刚才说过上海的什么？", "我2分钟前说过：“上海的人口大约两千五百万。”。"),
        ("刚才的牌子上写着什么？", "2分钟前我读到：“出口”。"),
        ("刚才有没有猫？", "2分钟前我看到左边有一只猫。"),
        ("你看到过狗吗？", "到现在为止，我没看到狗。"),
        ("刚才你看到什么？", "2分钟前我看到左边有一只猫。"),
    ],
)
def test_what_was_is_known(asked: str, said: str) -> None:
    assert answer(asked) == said


@pytest.mark.parametrize(
    "asked",
    ["上海有多少人？", "这个牌子上写着什么？", "有几只猫？", "我的狗叫什么？", "给我讲个故事。", "我们去哪里吃饭好？"],
)
def test_other_questions_are_left(asked: str) -> None:
    assert answer(asked) is None


def test_days_are_named() -> None:
    now = datetime(2025, 11, 30, 15, 0)
    assert on_the_day(datetime(2025, 11, 30, 9, 5), now, ZH) == "今天9点5分"
    assert on_the_day(datetime(2025, 11, 29, 17, 40), now, ZH) == "昨天17点40分"
    assert on_the_day(datetime(2024, 3, 2, 8, 15), now, ZH) == "2024年3月2日8点15分"


def test_terms_are_what_the_answer_holds() -> None:
    assert search_terms("我的钥匙放在哪里", ZH) == (("钥匙",),)
    assert search_terms("我的停车位号码是多少", ZH) == (("车位",), ("位号",), ("号码",))
