"""A model's stream made speakable: same result however it arrives, always an end."""

from __future__ import annotations

import pytest

from dialogue.text.spoken_text import HARD_TOKENS, SOFT_TOKENS, SpokenText, runs_in_a_circle


def spoken(raw: str, step: int = 1, tokens_per_step: int = 0) -> str:
    """Feed `raw` growing by `step` characters, then finish."""
    stream, said, tokens = SpokenText(), "", 0
    for end in range(step, len(raw) + step, step):
        tokens += tokens_per_step
        said += stream.push(raw[:end], tokens)
        if stream.done:
            return said
    return said + stream.finish(raw)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("Paris is the capital.", "Paris is the capital."),
        ("**Paris** is the `capital`.", "Paris is the capital."),
        ("\n\nHello there.", "Hello there."),
        ("First line.\nSecond line.", "First line."),
        ("A verse without an end,\nand the next one.", "A verse without an end, and the next one."),
        ("Here is how:\n1. Boil the water.\n2. Add rice.", "Here is how: Boil the water."),
        ("Here is how:\n- Boil the water.\n- Add rice.", "Here is how: Boil the water."),
        ('A: "Why did it cross?"\nTo get to the other side.', '"Why did it cross?" To get to the other side.'),
        ("Answer: 42", "42"),
        ("A cup is round.", "A cup is round."),
        ("- Dogs are nice.", "Dogs are nice."),
        ("It costs 3.14 euros.", "It costs 3.14 euros."),
        ("", ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_speakable_in_any_chunking(raw: str, said: str, step: int) -> None:
    assert spoken(raw, step) == said


def test_a_late_sentence_end_is_the_end() -> None:
    raw = "One two three. " * 30
    said = spoken(raw, step=5, tokens_per_step=1)
    assert said.endswith("three.")
    assert SOFT_TOKENS * 5 - 20 < len(said) < SOFT_TOKENS * 5 + 20


def test_nothing_half_is_said_late_and_the_end_comes_even_without_a_full_stop() -> None:
    raw = "word " * 7 + "and then, " + "word " * 400
    said = spoken(raw, step=5, tokens_per_step=1)
    assert said.endswith(".")
    assert len(said) < HARD_TOKENS * 6


def test_an_abbreviation_is_no_end() -> None:
    raw = "x" * 50 + " said Dr. Miller to Mr. Smith. And more of it."
    stream = SpokenText()
    stream.push(raw[:40], 10)
    assert stream.push(raw, SOFT_TOKENS + 1).endswith("Mr. Smith.")


def test_circles_are_seen() -> None:
    assert runs_in_a_circle([1, 2, 3, 4, 5, 6, 9, 1, 2, 3, 4, 5, 6])
    assert not runs_in_a_circle([1, 2, 3, 4, 5, 6])
    assert not runs_in_a_circle(list(range(40)))
