"""Makes the files of a test browser's fake devices from texts, signs and photos."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from audio.resample import resample_whole

RATE_HZ = 48_000
WIDTH, HEIGHT = 640, 480
FRAMES, FRAMES_PER_S = 10, 10
REST_S = 90.0
BACKGROUND = (88, 110, 98)

Rgb = NDArray[np.uint8]
Pcm = NDArray[np.int16]


def spoken(text: str, voice: str = "en-gb", words_per_minute: int = 130) -> Pcm:
    """`text` spoken by espeak-ng, int16 (n,) at RATE_HZ: a voice other than the assistant's."""
    program = shutil.which("espeak-ng")
    if program is None:
        pytest.skip("no espeak-ng to speak to the assistant with: install the package espeak-ng")
    style = ["-v", voice, "-s", str(words_per_minute), "-g", "2"]
    said = subprocess.run([program, *style, "--stdout", text], capture_output=True, check=True)
    with wave.open(io.BytesIO(said.stdout)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(2**30 // 2), np.int16).astype(np.float32)
    return _with_sharper_sibilants(resample_whole(samples, rate, RATE_HZ))


def _with_sharper_sibilants(samples: NDArray[np.float32]) -> Pcm:
    """Twice as loud above 3 kHz: espeak's s is weak, and Chromium's noise suppression removes it."""
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    gain = 1 + 1 / (1 + (3000 / np.maximum(frequencies, 1.0)) ** 4)
    sharper = np.fft.irfft(np.fft.rfft(samples) * gain, len(samples))
    pcm: Pcm = (sharper / np.abs(sharper).max() * 20_000).astype(np.int16)
    return pcm


def _piece(part: str | float | Pcm, quiet: Callable[[float], Pcm]) -> Pcm:
    if isinstance(part, str):
        return spoken(part)
    return part if isinstance(part, np.ndarray) else quiet(part)


def make_mic_wav(path: Path, script: Sequence[str | float | Pcm]) -> Path:
    """A microphone that says the texts and sounds of `script`, and is silent for its numbers, in seconds, and at the
    end."""
    room = np.random.default_rng(0)  # a real room has noise

    def quiet(seconds: float) -> Pcm:
        return room.normal(0, 60, round(seconds * RATE_HZ)).astype(np.int16)

    pieces = [_piece(part, quiet) for part in script]
    pieces.append(quiet(REST_S))  # so that the microphone does not count as broken afterwards
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.concatenate(pieces).tobytes())
    return path


def sign(*lines: str) -> Rgb:
    """A white sign with black letters on a wall, (HEIGHT, WIDTH, 3)."""
    picture = np.full((HEIGHT, WIDTH, 3), BACKGROUND, np.uint8)
    cv2.rectangle(picture, (90, 110), (550, 370), (245, 245, 240), -1)
    cv2.rectangle(picture, (90, 110), (550, 370), (30, 30, 30), 5)
    font, thickness = cv2.FONT_HERSHEY_SIMPLEX, 6
    for number, line in enumerate(lines):
        (width, height), _ = cv2.getTextSize(line, font, 1.0, thickness)
        scale = min(380 / width, 200 / len(lines) / (height * 1.6))
        (width, height), _ = cv2.getTextSize(line, font, scale, thickness)
        middle = 240 + round((number - (len(lines) - 1) / 2) * 220 / len(lines))
        cv2.putText(
            picture, line, (320 - width // 2, middle + height // 2), font, scale, (15, 15, 15), thickness, cv2.LINE_AA
        )
    return picture


def side_by_side(*photos: Rgb) -> Rgb:
    """Photos side by side, each complete, scaled to the picture."""
    picture = np.full((HEIGHT, WIDTH, 3), BACKGROUND, np.uint8)
    room = WIDTH // len(photos)
    for place, photo in enumerate(photos):
        scale = min(room / photo.shape[1], HEIGHT / photo.shape[0])
        width, height = int(photo.shape[1] * scale), int(photo.shape[0] * scale)
        left, top = place * room + (room - width) // 2, HEIGHT - height
        picture[top : top + height, left : left + width] = cv2.resize(
            photo, (width, height), interpolation=cv2.INTER_AREA
        )
    return picture


def make_camera_y4m(path: Path, *pictures: Rgb, frames: int = FRAMES) -> Path:
    """An endless camera that shows each of `pictures` for a number of frames in turn, with sensor noise."""
    noise = np.random.default_rng(0)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_PER_S}:1 Ip A1:1 C420jpeg\n".encode())
        for picture in (picture for picture in pictures for _ in range(frames)):
            noisy = np.clip(picture + noise.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)
            file.write(b"FRAME\n" + cv2.cvtColor(noisy, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path
