"""The examples of live calls: a spoken question and a changing scene, in real time.

Also tests `ui/api/call_events.py`, `ui/api/live_call.py` and `ui/api/sound_pump.py`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from skimage import data
from skimage.transform import resize

from tests.examples.conftest import Run


def test_a_spoken_question_is_answered_by_voice(run: Run, media: Path) -> None:
    printed = run("live_call.py", [str(media / "time.wav"), str(media / "person.jpg")])
    assert re.search(r"^you: what time is it", printed, re.IGNORECASE | re.MULTILINE)
    assert re.search(r"^It", printed, re.MULTILINE)
    spoken = re.search(r"spoken in (\d+\.\d) s", printed)
    assert spoken is not None
    assert float(spoken[1]) > 0.5


def test_a_person_who_comes_into_a_video_is_reported(run: Run, tmp_path: Path) -> None:
    person = np.uint8(255 * resize(data.astronaut(), (480, 480)))
    empty = np.full_like(person, 128)
    film = tmp_path / "film.mp4"
    with av.open(film, "w") as file:
        track = file.add_stream("libx264", rate=Fraction(5), width=480, height=480, pix_fmt="yuv420p")
        for number in range(30):
            file.mux(track.encode(av.VideoFrame.from_ndarray(empty if number < 10 else person)))
        file.mux(track.encode(None))
    lines = run("watch_video.py", [str(film)]).splitlines()
    seen = [line for line in lines if "stopped sending pictures" not in line]  # after the end of the film
    assert "person" in seen[-1]
    assert len(seen) > 1
