"""Parts of a long speech become one text again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue.text.partial_transcripts import joined

STORY = "When I was a child we lived near the sea and my father had a small boat with a red sail that leaked"


def test_a_whole_transcript_takes_the_place_of_the_one_before() -> None:
    assert joined("What is the", "Watt is this?") == "Watt is this?"


@pytest.mark.parametrize(
    ("before", "part", "whole"),
    [
        (
            "I like the sea and the wind",
            "… the sea and the wind in sails",
            "I like the sea and the wind in sails",
        ),
        ("I like the sea and the wint", "… The sea, and the wind.", "I like The sea, and the wind."),
        ("I like the sea and the wind", "… ike the sea and the wind here", "I like the sea and the wind here"),
        ("I like the sea and the wind", "… nothing of this was said", "I like the sea and the wind"),
        ("so it goes on and so it goes on and", "… so it goes on and on", "so it goes on and so it goes on and on"),
        ("", "… out of nowhere it came", ""),
        ("I like the sea", "…", "I like the sea"),
    ],
)
def test_a_part_is_put_where_it_belongs(before: str, part: str, whole: str) -> None:
    assert joined(before, part) == whole


@given(st.integers(6, 12), st.integers(1, 4))
def test_a_story_heard_through_a_window_is_the_story(width: int, step: int) -> None:
    words, text = STORY.split(), ""
    for end in range(step, len(words) + step, step):
        start = max(0, min(end, len(words)) - width)
        window = " ".join(words[start:end])
        text = joined(text, window if start == 0 else f"… {window}")
    if width - step >= 3:
        assert text == STORY
