"""Draws rows of text as a photographed sheet: receipts, tickets, menus, tables, signs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 960, 720
_PAPER, _DESK, _INK = (246, 244, 238), (118, 96, 78), (28, 28, 32)
_TILT = 1.5  # degrees


def sheet(rows: Sequence[Sequence[str]], size: int) -> NDArray[np.uint8]:
    """A picture, uint8 RGB (720, 960, 3). A row of one text is centred; the texts of another stand in columns, the
    last one right-aligned. `size` is the height of the letters in pixels."""
    font = ImageFont.load_default(size)
    line, margin = round(size * 1.7), round(size * 1.2)
    columns = max(len(row) for row in rows)
    width = min(WIDTH - 80, max(round(size * 9.5 * columns), round(size * 14)))
    paper = Image.new("RGB", (width, line * len(rows) + 2 * margin), _PAPER)
    draw = ImageDraw.Draw(paper)
    for number, row in enumerate(rows):
        _draw_row(draw, row, margin + number * line, (margin, width - margin), font)
    desk = Image.new("RGB", (WIDTH, HEIGHT), _DESK)
    tilted = paper.convert("RGBA").rotate(_TILT, expand=True, resample=Image.Resampling.BICUBIC)
    if tilted.height > HEIGHT - 20:
        tilted = tilted.resize((round(tilted.width * (HEIGHT - 20) / tilted.height), HEIGHT - 20))
    desk.paste(tilted, ((WIDTH - tilted.width) // 2, (HEIGHT - tilted.height) // 2), tilted)
    return np.asarray(desk, np.uint8)


def _draw_row(
    draw: ImageDraw.ImageDraw,
    row: Sequence[str],
    top: int,
    sides: tuple[int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    left, right = sides
    if len(row) == 1:
        draw.text(((left + right) // 2, top), row[0], _INK, font, anchor="ma")
        return
    for column, text in enumerate(row):
        if column == len(row) - 1:
            draw.text((right, top), text, _INK, font, anchor="ra")
        else:
            draw.text((left + (right - left) * column // len(row), top), text, _INK, font, anchor="la")
