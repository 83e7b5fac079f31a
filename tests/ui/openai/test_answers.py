"""Stop texts in a streamed answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.openai.answers import _until


async def collected(texts: list[str], stops: list[str]) -> list[str]:
    async def source() -> AsyncGenerator[str, None]:
        for text in texts:
            yield text

    return [piece async for piece in _until(source(), stops)]


@pytest.mark.parametrize(
    ("texts", "stops", "said"),
    [
        (["one ", "two ", "three"], ["two"], "one "),
        (["a EN", "D b"], ["END"], "a "),
        (["a EN", "ding"], ["END"], "a ENding"),
        (["EN"], ["END"], "EN"),
        (["END"], ["END"], ""),
        (["a", "b"], [], "ab"),
    ],
)
def test_the_answer_ends_before_the_first_stop(texts: list[str], stops: list[str], said: str) -> None:
    assert "".join(asyncio.run(collected(texts, stops))) == said


@given(st.lists(st.text("abc", min_size=1, max_size=4), max_size=8), st.lists(st.text("abc", min_size=1), max_size=3))
def test_pieces_never_pass_a_stop(texts: list[str], stops: list[str]) -> None:
    whole = "".join(texts)
    ends = [at for stop in stops if (at := whole.find(stop)) >= 0]
    pieces = asyncio.run(collected(texts, stops))
    assert "".join(pieces) == whole[: min(ends, default=len(whole))]
