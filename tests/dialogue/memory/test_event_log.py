"""The event log: bounded by kind, found by any form of a word and by meaning, sessions apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dialogue.blocks import Fact, SceneBlock
from dialogue.errors import BadInput
from dialogue.memory.event_log import LONGEST_TEXT, EventLog
from dialogue.memory.scene_memory import SAME_VISIT_S, SceneMemory


def test_a_line_is_found_by_any_form_of_its_words_and_only_among_its_kinds() -> None:
    log = EventLog()
    told = log.add("told", "We've been hiking near the harbour's wall", 3.0)
    log.add("read", "HIKE", 4.0)
    assert log.with_word(["hike"], "told") == {told}
    assert log.with_word(["harbours"], "told") == {told}
    assert log.with_word(["sea"], "told") == set()


@pytest.mark.parametrize("odd", ['"', "a AND", "NEAR(", "*", "", "x" * 10_000, "'; DROP TABLE events; --"])
def test_search_words_are_data(odd: str) -> None:
    log = EventLog()
    log.add("read", odd, 1.0)
    log.with_word([odd, "cup"], "read")
    assert [event.text for event in log.events("read")] == [odd[:LONGEST_TEXT]]


def test_each_kind_is_bounded_by_itself() -> None:
    log = EventLog(limit=3)
    log.add("told", "My sister is called Ruth", 1.0)
    for second in range(50):
        log.add("seen", f"thing {second}", float(second))
    assert [event.text for event in log.events("seen")] == ["thing 47", "thing 48", "thing 49"]
    assert len(log.events("told")) == 1
    assert log.with_word(["thing"], "seen") == {event.number for event in log.events("seen")}


def test_what_is_removed_is_not_found() -> None:
    log = EventLog()
    log.remove(log.add("told", "a secret", 1.0))
    assert log.with_word(["secret"], "told") == set()
    assert len(log) == 0


def test_a_file_keeps_sessions_apart(tmp_path: Path) -> None:
    first = EventLog(tmp_path / "log.sqlite")
    first.add("told", "I like tea", 1.0)
    first.close()
    second = EventLog(tmp_path / "log.sqlite")
    assert second.events("told") == []
    assert second.with_word(["tea"], "told") == set()
    second.close()


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text("this is a page of text, not a data base\n" * 100)
    with pytest.raises(BadInput, match="choose another file"):
        EventLog(page)


def test_likeness_is_that_of_the_vectors() -> None:
    log = EventLog()
    lines = [log.get(log.add("told", text, 1.0)) for text in ("one", "two")]
    log.index(log.unindexed("told"), np.eye(2, 4, dtype=np.float32))
    assert log.unindexed("told") == []
    alike = log.likeness(np.array([0.6, 0.8, 0, 0], np.float32), "told")
    assert alike[lines[0].number] == pytest.approx(0.6, abs=1e-3)
    assert alike[lines[1].number] == pytest.approx(0.8, abs=1e-3)


def test_a_thing_that_stays_is_one_line_and_one_that_comes_again_is_two() -> None:
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


def test_a_text_that_the_eyes_still_report_long_after_is_not_logged_again() -> None:
    log = EventLog()
    memory = SceneMemory(log)
    for at in range(0, 300, 2):
        memory.see(SceneBlock((Fact("text", "", text="EXIT", since=0.0, at=min(at, 20.0)),), "", at))
    assert len(log.events("read")) == 1
