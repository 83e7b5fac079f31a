"""The memory file as its owner sees it, also while calls write."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from dialogue.memory.event_log import EventLog
from dialogue.memory.kept_memory import KeptMemory


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.sqlite"


@pytest.fixture
def call(path: Path) -> EventLog:
    log = EventLog(path, began=datetime(2026, 3, 1, 17, 30))
    for second, text in enumerate(("My dog is called Rex.", "My sister lives in Leeds.", "Rex is five.")):
        log.add("told", text, float(second))
    return log


def texts(memory: KeptMemory, words: str = "") -> list[str]:
    return [line.text for line in memory.lines(words)]


def test_lines_are_listed_newest_first_and_found_by_the_beginnings_of_words(path: Path, call: EventLog) -> None:
    memory = KeptMemory(path)
    assert texts(memory) == ["Rex is five.", "My sister lives in Leeds.", "My dog is called Rex."]
    assert texts(memory, "rex") == ["Rex is five.", "My dog is called Rex."]
    assert texts(memory, "Dog Re") == ["My dog is called Rex."]
    assert memory.lines()[0].at == datetime(2026, 3, 1, 17, 30, 2)
    assert (memory.count(), memory.count("rex")) == (3, 2)
    call.close()


def test_a_long_memory_is_read_in_parts(path: Path, call: EventLog) -> None:
    memory = KeptMemory(path)
    first = memory.lines(most=2)
    assert [line.text for line in memory.lines(before=first[-1].number)] == ["My dog is called Rex."]
    call.close()


@pytest.mark.parametrize("odd", ['"', "NEAR(", "* OR rex", "'; DROP TABLE events; --", "?!"])
def test_searches_are_data(path: Path, call: EventLog, odd: str) -> None:
    memory = KeptMemory(path)
    assert texts(memory, odd) == []
    assert memory.delete_found(odd) == 0
    assert memory.count() == 3
    call.close()


def test_what_is_deleted_is_gone_for_a_running_call_too(path: Path, call: EventLog) -> None:
    memory = KeptMemory(path)
    assert memory.delete([memory.lines("leeds")[0].number, 999]) == 1
    assert memory.delete_found("rex") == 2
    assert call.with_word(["rex", "leeds"], "told") == set()
    call.add("told", "I like tea.", 9.0)
    assert texts(memory) == ["I like tea."]
    assert memory.delete_found("") == 1
    assert memory.count() == 0
    call.close()
