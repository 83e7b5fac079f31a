"""The event log: bounded by kind, searched by word forms and meaning, kept in a file; `test_built_in_tools` covers
`lookup`.

Also tests `log_file.py`, `lookup.py` and `private_file.py`.
"""

from __future__ import annotations

import sqlite3
import stat
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from dialogue.errors import BadInput
from dialogue.memory.event_log import LONGEST_TEXT, EventLog


def test_a_line_is_found_by_any_form_of_its_words_and_only_among_its_kinds() -> None:
    log = EventLog()
    line = log.add("told", "We've been hiking near the harbour's wall", 3.0)
    log.add("read", "HIKE", 4.0)
    assert log.with_word(["hike"], "told") == {line}
    assert log.with_word(["harbours"], "told") == {line}
    assert log.with_word(["sea"], "told") == set()


@pytest.mark.parametrize("odd", ['"', "a AND", "NEAR(", "*", "", "x" * 10_000, "'; DROP TABLE events; --"])
def test_search_words_are_data(odd: str) -> None:
    log = EventLog()
    log.add("read", odd, 1.0)
    log.with_word([odd, "cup"], "read")
    assert [event.text for event in log.events("read")] == [odd[:LONGEST_TEXT]]


def test_each_kind_has_its_own_bound() -> None:
    log = EventLog(limit=3)
    log.add("told", "My sister is called Ruth", 1.0)
    for second in range(50):
        log.add("seen", f"thing {second}", float(second))
    assert [event.text for event in log.events("seen")] == ["thing 47", "thing 48", "thing 49"]
    assert len(log.events("told")) == 1
    assert log.with_word(["thing"], "seen") == {event.number for event in log.events("seen")}


def test_removed_lines_are_not_found() -> None:
    log = EventLog()
    log.remove(log.add("told", "a secret", 1.0))
    assert log.with_word(["secret"], "told") == set()
    assert len(log) == 0


def test_a_file_finds_the_lines_of_other_calls_with_times_on_the_clock_of_this_one(tmp_path: Path) -> None:
    path = tmp_path / "home" / "log.sqlite"
    first = EventLog(path, began=datetime(2026, 3, 1, 17, 30))
    tea = first.add("told", "I like tea", 600.0)
    second = EventLog(path, began=datetime(2026, 3, 2, 9, 0))
    cup = second.add("seen", "cup", 1.0)
    assert second.with_word(["tea"], "told") == {tea}
    found = second.get(tea)
    assert found.earlier and found.at == 600.0 - 15.5 * 3600
    assert second.moment(found.at) == datetime(2026, 3, 1, 17, 40)
    assert second.events("told", "seen") == [second.get(cup)], "a session's own lines"
    assert [event.number for event in second.all_events("told", "seen")] == [tea, cup]
    assert not second.get(cup).earlier
    for log in (first, second):
        log.close()


def test_a_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    path.touch(mode=0o644)
    log = EventLog(path, began=datetime(2026, 3, 1))
    log.add("told", "a secret", 1.0)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    log.close()
    assert set(modes.values()) == {0o600}
    assert len(modes) == 3, "the write-ahead log and its index are files too"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="choose another file"):
        EventLog(tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()


def test_nothing_of_a_forgotten_line_stays_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    log, other = EventLog(path, began=datetime(2026, 3, 1)), EventLog(path, began=datetime(2026, 3, 1))
    for number in range(300):
        other.add("said", f"Something else, the {number}th", float(number))
    lines = [log.add("told", f"My password is Xylophonist{number}", 1.0) for number in range(300)]
    assert len(log.forget(lines)) == 300
    log.close()
    other.close()
    for file in tmp_path.iterdir():
        assert b"xylophonist" not in file.read_bytes().lower()
    kept = EventLog(path)
    assert (len(kept.all_events("told")), len(kept.all_events("said"))) == (0, 300)
    assert kept.with_word(["something"], "said")
    kept.close()


def test_a_file_is_bounded_over_all_calls(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    for call in range(3):
        log = EventLog(path, limit=10, began=datetime(2026, 3, 1 + call))
        for number in range(8):
            log.add("told", f"call {call}, line {number}", float(number))
        left = [event.text for event in log.all_events("told")]
        log.close()
    assert len(left) == 10
    assert left[0] == "call 1, line 6"


def test_a_full_disk_costs_lines_and_not_the_call(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log.sqlite")
    [pages] = log._db.execute("PRAGMA page_count").fetchone()
    log._db.execute(f"PRAGMA max_page_count={pages}")
    for number in range(200):
        log.add("told", "words " * 300, float(number))
    assert "full" in log.fault
    assert log.with_word(["words"], "told") == {event.number for event in log.events("told")}
    log.close()


def test_a_file_that_is_not_a_log_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text("this is a page of text, not a data base\n" * 100)
    with pytest.raises(BadInput, match="choose another file"):
        EventLog(page)
    others = tmp_path / "other.sqlite"
    sqlite3.connect(others).executescript("CREATE TABLE customers(name TEXT)")
    with pytest.raises(BadInput, match="something else"):
        EventLog(others)


def test_similarity_is_that_of_the_vectors() -> None:
    log = EventLog()
    lines = [log.get(log.add("told", text, 1.0)) for text in ("one", "two")]
    log.index(log.unindexed("told"), np.eye(2, 4, dtype=np.float32))
    assert log.unindexed("told") == []
    alike = log.likeness(np.array([0.6, 0.8, 0, 0], np.float32), "told")
    assert alike[lines[0].number] == pytest.approx(0.6, abs=1e-3)
    assert alike[lines[1].number] == pytest.approx(0.8, abs=1e-3)


def test_any_part_of_words_without_spaces_is_found() -> None:
    log = EventLog()
    line = log.add("told", "我的钥匙在厨房的抽屉里。", 1.0)
    assert log.with_word(("钥匙",), "told") == {line}
    assert log.with_word(("厨抽",), "told") == set()
