"""Draws a page as a camera sees it: on paper, turned and in perspective, blurred, unevenly lit, with sensor noise."""

from __future__ import annotations

from pathlib import Path
from random import Random

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.reading_pages.pages import Page
from vision.picture import Pixels

_FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf")
_SIZE = (1280, 720)
_TABLE = (110, 118, 122)  # the surface around the paper


def drawn(page: Page, font_px: int, random: Random, font: Path | None = None) -> Pixels:
    """The page at `font_px` pixels (the em height), uint8 RGB (720, 1280, 3)."""
    name = font or Path(matplotlib.get_data_path()) / "fonts" / "ttf" / random.choice(_FONTS)
    paper = _paper(page, ImageFont.truetype(str(name), font_px), font_px)
    view = Image.new("RGB", _SIZE, _TABLE)
    left = random.randint(20, max(21, _SIZE[0] - paper.width - 20))
    top = random.randint(10, max(11, _SIZE[1] - paper.height - 10))
    view.paste(paper, (left, top))
    return _seen(np.asarray(view), random)


def fits(page: Page, font_px: int) -> bool:
    """Whether the page in this size fits into the picture."""
    return (len(page.rows) + 2) * 1.6 * font_px < _SIZE[1] - 40


def _paper(page: Page, font: ImageFont.FreeTypeFont, font_px: int) -> Image.Image:
    margin, step = font_px, 1.6 * font_px
    rule = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    widest = max(rule.textlength(cell, font) for row in page.rows for cell in row)
    width = min(_SIZE[0] - 60, round(widest * (1.0 if len(page.columns) == 1 else 1.9) + 2 * margin))
    image = Image.new("RGB", (width, round(step * len(page.rows) + 2 * margin)), "#f4f1ea")
    draw = ImageDraw.Draw(image)
    inner = width - 2 * margin
    for number, row in enumerate(page.rows):
        for cell, column in zip(row, page.columns, strict=False):
            at = margin + column * inner
            if page.priced and column and cell is row[-1]:
                at = width - margin - rule.textlength(cell, font)
            draw.text((at, margin + number * step), cell, "#202020", font)
    return image


def _seen(rgb: Pixels, random: Random) -> Pixels:
    """A mild view of it by a camera: up to 5 degrees and 4 % of perspective, 0.8 pixels of blur, noise of 6 levels."""
    width, height = _SIZE
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    shift = np.array([[random.uniform(-0.04, 0.04) * side for side in _SIZE] for _ in corners], np.float32)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), random.uniform(-5, 5), 1.0)
    turned = cv2.warpAffine(rgb, turn, _SIZE, borderMode=cv2.BORDER_REPLICATE)
    warp = cv2.getPerspectiveTransform(corners, corners + shift)
    bent = cv2.warpPerspective(turned, warp, _SIZE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(bent, (0, 0), random.uniform(0.3, 0.8)).astype(np.float32)
    light = np.linspace(random.uniform(0.7, 1.0), random.uniform(0.7, 1.0), width, dtype=np.float32)
    noise = np.random.default_rng(random.randrange(1 << 30)).normal(0, random.uniform(1, 6), soft.shape)
    return np.asarray(np.clip(soft * light[None, :, None] + noise, 0, 255), np.uint8)
