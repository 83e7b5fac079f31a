"""Windows against plain lists: remaining units, remaining text, and keys at their new positions.

Keys and values of the first layer depend only on a token and its position. After any number of evictions they must
equal those of a fresh cache of the remaining rows.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.sessions.window import RecapWindow, SlidingWindow, Window, WindowRecap, WindowUnit

Open = Callable[[Kind], MiniCPM]
HEADING = (31, 32, 33)


class PlainWindow:
    """A session as lists: rows of the system prompt, and for each unit its number, rows and text."""

    def __init__(self, model: MiniCPM, draw: random.Random) -> None:
        self.model, self.draw = model, draw
        self.suffix = draw.randint(1, 4)
        self.system = self.rows(draw.randint(6, 12))
        self.units: list[tuple[int, Tensor, tuple[int, ...]]] = []
        self.text: list[int] = []
        self.made = 0

    def rows(self, count: int) -> Tensor:
        return self.model.decoder.embed(torch.tensor([self.draw.randrange(200) for _ in range(count)]))

    def add(self) -> tuple[int, Tensor, tuple[int, ...]]:
        said = tuple(self.draw.randrange(200) for _ in range(self.draw.choice([0, 0, 1, 5])))
        self.units.append((self.made, self.rows(self.draw.randint(3, 40)), said))
        self.made += 1
        return self.units[-1]

    def remaining(self, previous: list[int]) -> Tensor:
        prefix = len(self.system) - self.suffix
        recap = self.model.decoder.embed(torch.tensor(previous, dtype=torch.long))
        units = [rows for _, rows, _ in self.units]
        return torch.cat([self.system[:prefix], recap, self.system[prefix:], *units])


def follow(plain: PlainWindow, window: Window, units: int, expect: Callable[[], list[int]]) -> None:
    """`expect` evicts from the lists as the window should from the cache; returns the previous text."""
    decoder = plain.model.decoder
    context = RecapWindow(decoder, decoder.new_cache(2000), plain.system, plain.suffix)
    for _ in range(units):
        _, rows, said = plain.add()
        decoder.forward(context.cache, rows)
        context.close_unit(said)
        before = list(plain.units)
        dropped = window.trim(context)
        previous = expect()
        assert context.previous == previous
        assert [unit.number for unit in dropped] == [
            number for number, _, _ in before[: len(before) - len(plain.units)]
        ]
        assert list(context.units) == [WindowUnit(number, len(kept), text) for number, kept, text in plain.units]
        fresh = decoder.new_cache(2000)
        decoder.forward(fresh, plain.remaining(previous))
        assert context.cache.length == fresh.length
        got, want = (cache.storage[0, :, :, : fresh.length] for cache in (context.cache, fresh))
        torch.testing.assert_close(got, want, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_a_sliding_window_drops_whole_units_between_its_marks(model: Open, seed: int) -> None:
    draw = random.Random(seed)
    plain = PlainWindow(model(Kind.O45), draw)
    high = draw.randint(60, 160)
    low = draw.randint(20, high)

    def expect() -> list[int]:
        length = len(plain.system) + sum(len(rows) for _, rows, _ in plain.units)
        if length > high:
            while length > low and len(plain.units) > 1:
                length -= len(plain.units.pop(0)[1])
        return []

    follow(plain, SlidingWindow(high, low), 25, expect)


@pytest.mark.parametrize(("units", "most"), [(1, 3), (4, 9), (3, 500), (2, 0), (6, 1)])
def test_a_recap_window_keeps_the_end_of_the_text(model: Open, units: int, most: int) -> None:
    plain = PlainWindow(model(Kind.O45), random.Random(units))

    def expect() -> list[int]:
        while len(plain.units) > units:
            plain.text += plain.units.pop(0)[2]
        return [*HEADING, *plain.text[max(len(plain.text) - most, 0) :]] if plain.text else []

    follow(plain, WindowRecap(HEADING, units, most), 25, expect)
