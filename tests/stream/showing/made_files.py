"""Writes the receipts and films that tests show and ask about."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from tests.browser.made_media import BACKGROUND, HEIGHT, RATE_HZ, WIDTH, Rgb, spoken

FRAMES_PER_S, FRAME_SAMPLES = 5, 1024


def write_receipt(path: Path, title: str, when: str, *rows: tuple[str, str]) -> Path:
    """A white sheet with the title, the date and rows of a name and an amount."""
    sheet = np.full((520, 420, 3), 250, np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    for number, line in enumerate((title, when)):
        cv2.putText(sheet, line, (40, 80 + 60 * number), font, 0.9, (20, 20, 20), 2, cv2.LINE_AA)
    for number, (name, amount) in enumerate(rows):
        at = 240 + 60 * number
        cv2.putText(sheet, name, (40, at), font, 0.9, (20, 20, 20), 2, cv2.LINE_AA)
        cv2.putText(sheet, amount, (290, at), font, 0.9, (20, 20, 20), 2, cv2.LINE_AA)
    cv2.imwrite(str(path), sheet)
    return path


def write_film(path: Path, says: str, shows: Rgb, *, shows_from_s: float = 0.0, seconds: int) -> Path:
    """A bare wall, and from `shows_from_s` on `shows`; a sentence from the second second on."""
    wall = np.full((HEIGHT, WIDTH, 3), BACKGROUND, np.uint8)
    pcm = np.concatenate([np.zeros(RATE_HZ, np.int16), spoken(says)])
    pcm = np.concatenate([pcm, np.zeros(max(0, seconds * RATE_HZ - len(pcm)), np.int16)])
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=FRAMES_PER_S)
        video.width, video.height, video.pix_fmt, video.bit_rate = WIDTH, HEIGHT, "yuv420p", 4_000_000
        audio = container.add_stream("aac", rate=RATE_HZ, layout="mono")
        for number in range(seconds * FRAMES_PER_S):
            rgb = shows if number / FRAMES_PER_S >= shows_from_s else wall
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_S)
            container.mux(video.encode(frame))
        for start in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
            sound = av.AudioFrame.from_ndarray(pcm[None, start : start + FRAME_SAMPLES], format="s16", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
            container.mux(audio.encode(sound))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return path
