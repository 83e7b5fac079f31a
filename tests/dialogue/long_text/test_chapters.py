"""A text is divided where its subject changes, and stands for itself where it does not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dialogue.library.passage import Passage
from dialogue.long_text.chapters import chapters_of


def passages(count: int) -> list[Passage]:
    return [Passage(n, "notes", "notes.txt", f"0:{n:02}", f"Passage {n} says this.") for n in range(count)]


def about(*subjects: int) -> NDArray[np.float32]:
    """Vectors of subjects that are at right angles, with a little noise."""
    noise = np.random.default_rng(1).normal(0, 0.1, (len(subjects), 8))
    vectors = np.eye(8)[list(subjects)] + noise
    found: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return found


def test_chapters_begin_where_the_subject_changes() -> None:
    found = chapters_of(passages(30), about(*[0] * 9, *[1] * 13, *[2] * 8), most=3)
    assert [each.place for each in found] == ["0:00", "0:09", "0:22"]
    assert all(each.heading.startswith("Passage") for each in found)


def test_a_short_text_is_one_chapter() -> None:
    assert [each.place for each in chapters_of(passages(3), about(0, 1, 2))] == ["0:00"]
    assert [each.place for each in chapters_of(passages(1), about(0))] == ["0:00"]
