"""OCR with the real models on drawn signs and photos."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import numpy as np
import pytest

from tests.vision.conftest import DrawSign
from vision.picture import Pixels
from vision.reading.read_text import Reader
from vision.reading.signs import signs_of


def words(reader: Reader, rgb: Pixels, closely: bool = False) -> str:
    return " / ".join(line.text for line in reader.read(rgb, closely))


@pytest.mark.parametrize("turned", [0, 7, -12])
def test_a_sign_is_read_at_any_slant(reader: Reader, draw_sign: DrawSign, turned: float) -> None:
    assert words(reader, draw_sign(["EXIT 42"], turned=turned)) == "EXIT 42"


@pytest.mark.parametrize("quarters", [1, 3])
def test_a_vertical_sign_is_read(reader: Reader, draw_sign: DrawSign, quarters: int) -> None:
    assert words(reader, np.rot90(draw_sign(["EXIT 42"]), quarters)) == "EXIT 42"


@pytest.mark.parametrize(
    ("ink", "board"), [("black", "#f0c010"), ("#c01020", "white"), ("white", "#1040a0"), ("#787878", "#a0a0a0")]
)
def test_text_is_read_in_any_colour(reader: Reader, draw_sign: DrawSign, ink: str, board: str) -> None:
    assert words(reader, draw_sign(["PLATFORM 9"], ink=ink, board=board)) == "PLATFORM 9"


@pytest.mark.parametrize("font_px", [10, 14, 24])
def test_lines_come_in_reading_order(reader: Reader, draw_sign: DrawSign, font_px: int) -> None:
    lines = ["please mind the gap", "tickets 3.50", "open Monday"]
    assert words(reader, draw_sign(lines, font_px)) == " / ".join(lines)


def test_slanted_lines_are_not_merged(reader: Reader, draw_sign: DrawSign) -> None:
    lines = ["Platform emergency", "library welcome", "price of office"]
    assert words(reader, draw_sign(lines, font_px=18, turned=5)) == " / ".join(lines)


def test_small_print_of_a_large_picture_is_found(reader: Reader, draw_sign: DrawSign) -> None:
    rgb = draw_sign(["meeting room 17", "closed on Sunday"], font_px=15, size=(1280, 720))
    assert words(reader, rgb) == "meeting room 17 / closed on Sunday"


def test_two_lines_are_one_sign(reader: Reader, draw_sign: DrawSign) -> None:
    signs = signs_of(reader.read(draw_sign(["NO PARKING", "8 AM TO 6 PM"])))
    assert [sign.text for sign in signs] == ["NO PARKING 8 AM TO 6 PM"]
    assert signs[0].score > 0.9


def test_a_line_has_its_box(reader: Reader, draw_sign: DrawSign) -> None:
    (line,) = reader.read(draw_sign(["EXIT 42"]))
    assert line.box == pytest.approx((0.29, 0.41, 0.71, 0.59), abs=0.06)


def test_a_picture_without_text_gives_no_lines(reader: Reader, cat: Pixels) -> None:
    assert reader.read(np.full((480, 640, 3), 120, np.uint8)) == []
    assert reader.read(cat) == []


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (8, 200), (300, 9), (20, 1000), (1000, 20)])
def test_pictures_of_any_shape_are_accepted(reader: Reader, shape: tuple[int, int]) -> None:
    assert reader.read(np.full((*shape, 3), 255, np.uint8)) == []


def test_the_reader_logs_nothing_and_needs_no_network(
    draw_sign: DrawSign, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def offline(*_: object) -> None:
        raise AssertionError("The reader opened a network connection.")

    monkeypatch.setattr(socket.socket, "connect", offline)
    reader = Reader()
    reader.warm_up()
    reader.read(np.zeros((480, 640, 3), np.uint8))
    assert words(reader, draw_sign(["EXIT 42"])) == "EXIT 42"
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("RapidOCR").level == logging.CRITICAL


def test_missing_models_are_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="install rapidocr"):
        Reader(tmp_path)


def test_reading_restores_denormal_numbers_in_the_thread(reader: Reader, draw_sign: DrawSign) -> None:
    reader.read(draw_sign(["EXIT 42"]))
    smallest = np.float64(5e-324)
    assert smallest * 1.0 > 0
