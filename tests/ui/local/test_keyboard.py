"""Lines from a file-like keyboard: in order, only when asked for, and an end that is an end."""

from __future__ import annotations

import asyncio
import io

from ui.local.keyboard import typed_lines


def test_lines_come_one_at_a_time_and_end() -> None:
    prompts: list[int] = []

    async def main() -> list[str]:
        file = io.StringIO("first\nsecond\n\nlast without an end of line")
        return [line async for line in typed_lines(file, lambda: prompts.append(1))]

    assert asyncio.run(main()) == ["first", "second", "", "last without an end of line"]
    assert len(prompts) == 5


def test_nothing_is_read_before_it_is_wanted() -> None:
    async def main() -> int:
        file = io.StringIO("first\nsecond\nthird\n")
        async for line in typed_lines(file, lambda: None):
            assert line == "first"
            break
        return file.tell()

    assert asyncio.run(main()) == len("first\n")


def test_an_empty_file_ends_at_once() -> None:
    async def main() -> list[str]:
        return [line async for line in typed_lines(io.StringIO(""), lambda: None)]

    assert asyncio.run(main()) == []
