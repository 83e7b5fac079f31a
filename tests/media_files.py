"""Writes the pictures and recordings that tests of the API and of the examples use."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from skimage import data

from audio.sound_file import write_wav
from audio.voices.voice import Synthesizer


def write_media(folder: Path) -> Path:
    """person.jpg, sign.png ("GATE 7"), time.wav ("What time is it?") and news.wav ("The museum opens at nine.")."""
    cv2.imwrite(str(folder / "person.jpg"), data.astronaut()[:, :, ::-1])
    wall = np.full((480, 640, 3), (130, 110, 90), np.uint8)
    cv2.rectangle(wall, (120, 160), (520, 300), (245, 250, 250), -1)
    cv2.putText(wall, "GATE 7", (190, 250), cv2.FONT_HERSHEY_SIMPLEX, 2.2, (20, 20, 20), 6, cv2.LINE_AA)
    cv2.imwrite(str(folder / "sign.png"), wall)
    voice = Synthesizer(threads=1)
    write_wav(folder / "time.wav", voice.say("What time is it?"), voice.rate)
    write_wav(folder / "news.wav", voice.say("The museum opens at nine."), voice.rate)
    return folder
