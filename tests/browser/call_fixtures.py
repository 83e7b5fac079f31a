"""Whole calls: the server as a process, and callers in Chromium whose devices are files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Playwright

from audio.transcribe import Transcriber
from stream.models.weights import WeightStore
from tests.browser.made_media import FRAMES, Rgb, make_camera_y4m, make_mic_wav
from tests.browser.person import Person, plain
from tests.browser.served import ServerProcess

RECORDER = Path(__file__).parent / "recorder.js"
FLAGS = [
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-dev-shm-usage",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]
GREY = np.full((480, 640, 3), 120, np.uint8)

OpenPage = Callable[..., Person]


@pytest.fixture(scope="session")
def transcribe(weights: WeightStore) -> Callable[[np.ndarray], str]:
    """The words in float32 (n,) at 16 kHz, in lower case and without punctuation."""
    transcriber = Transcriber(weights.path("whisper-tiny.en"), threads=2)

    def words(samples: np.ndarray) -> str:
        return " ".join(plain(transcriber.transcribe(part, careful=True).text) for part in spoken_parts(samples))

    return words


def spoken_parts(samples: np.ndarray, pause_s: float = 0.6, loud: float = 0.01) -> list[np.ndarray]:
    """The parts between pauses, with a little silence around each: one per reply."""
    frame = 320
    levels = np.abs(samples[: len(samples) // frame * frame]).reshape(-1, frame).max(1)
    sounding = np.flatnonzero(levels > loud)
    if not len(sounding):
        return []
    margin = round(pause_s / 2 * 16_000)
    runs = np.split(sounding, np.flatnonzero(np.diff(sounding) * frame > pause_s * 16_000) + 1)
    return [samples[max(0, run[0] * frame - margin) : (run[-1] + 1) * frame + margin] for run in runs]


@dataclass
class Studio:
    """A browser whose microphones and cameras are two files. Opening a device starts its file again."""

    browser: Browser
    folder: Path

    def put(self, says: list[str | float], *shows: Rgb, frames: int = FRAMES) -> None:
        """Sets the files of devices that are opened from now on; see `make_camera_y4m` for several pictures."""
        make_mic_wav(self.folder / "next.wav", says).replace(self.folder / "mic.wav")
        make_camera_y4m(self.folder / "next.y4m", *shows, frames=frames).replace(self.folder / "camera.y4m")

    def visit(self, url: str) -> Person:
        """Opens the page for a new visitor."""
        context = self.browser.new_context(
            viewport={"width": 1280, "height": 800}, permissions=["camera", "microphone"]
        )
        person = Person(context.new_page())
        person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
        person.page.add_init_script(path=RECORDER)
        person.page.goto(url)
        person.page.wait_for_selector("html[data-ready]")
        return person


@contextmanager
def open_studio(playwright: Playwright, chromium: str, folder: Path, *flags: str) -> Iterator[Studio]:
    """Chromium with devices that are files in the folder, and with further flags."""
    devices = [
        f"--use-file-for-fake-audio-capture={folder / 'mic.wav'}",
        f"--use-file-for-fake-video-capture={folder / 'camera.y4m'}",
    ]
    browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *devices, *flags])
    yield Studio(browser, folder)
    browser.close()


@pytest.fixture(scope="module")
def studio(
    page_playwright: Playwright, chromium_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Studio]:
    with open_studio(page_playwright, chromium_path, tmp_path_factory.mktemp("studio")) as opened:
        yield opened


@pytest.fixture
def call_page(server: ServerProcess, studio: Studio) -> Iterator[OpenPage]:
    """Opens the page for a new visitor: `says` is a script for the microphone, `shows` what the camera sees; several
    pictures are shown in turn, each for `frames`.

    Given neither, it is the devices as they are: silence and grey, or those of the visitor before.
    """
    people: list[Person] = []

    def open_page(
        says: list[str | float] | None = None, shows: Rgb | Sequence[Rgb] | None = None, frames: int = FRAMES
    ) -> Person:
        if says is not None or shows is not None or not people:
            pictures = (GREY,) if shows is None else (shows,) if isinstance(shows, np.ndarray) else shows
            studio.put(says or [1.0], *pictures, frames=frames)
        people.append(studio.visit(server.url))
        return people[-1]

    yield open_page
    for person in people:
        # A closed tab says goodbye, so that its slot is free at once for the next test.
        person.page.close()
        person.page.context.close()
    assert [person.complaints for person in people if person.complaints] == []
