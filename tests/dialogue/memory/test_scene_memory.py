"""Scenes remembered: one line for each visit, bounded; `test_scene_answers` covers the queries."""

from __future__ import annotations

from dialogue.blocks import Fact, SceneBlock
from dialogue.memory.event_log import EventLog
from dialogue.memory.scene_memory import SAME_VISIT_S, SceneMemory


def test_a_thing_that_stays_has_one_line_and_one_that_returns_has_two() -> None:
    log = EventLog()
    memory = SceneMemory(log)

    def look(at: float, *labels: str) -> None:
        memory.see(SceneBlock(tuple(Fact("object", label, since=at, at=at) for label in labels), "", at))

    for second in range(600):
        look(second / 2, "cup", *(["dog"] if second % 3 else []))
    look(300 + SAME_VISIT_S * 2)
    look(500, "cup")
    memory.ever("object")
    assert [(event.label, event.at, event.until) for event in log.events("seen")] == [
        ("cup", 0.0, 299.5), ("dog", 0.5, 299.5), ("cup", 500.0, 500.0),
    ]  # fmt: skip


def test_a_text_that_is_reported_long_after_it_left_is_not_logged_again() -> None:
    log = EventLog()
    memory = SceneMemory(log)
    for at in range(0, 300, 2):
        memory.see(SceneBlock((Fact("text", "", text="EXIT", since=0.0, at=min(at, 20.0)),), "", at))
    assert len(log.events("read")) == 1


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    kept = SceneMemory(limit=10)
    for n in range(50):
        kept.see(SceneBlock((Fact("text", "", text=f"page {n}", since=n - 2.0, at=float(n)),), "", float(n)))
    assert [fact.text for fact in kept.past("text")] == [f"page {n}" for n in range(48, 39, -1)]


def test_two_things_of_a_kind_are_remembered_together() -> None:
    kept = SceneMemory()
    people = tuple(Fact("object", "person", 1, place, since=45, at=50) for place in ("left", "right"))
    kept.see(SceneBlock(people, "", 50))
    kept.see(SceneBlock((), "", 100))
    assert kept.past("object")[0].count == 2
