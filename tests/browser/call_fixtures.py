"""The real product and real people: the server as a process, and callers in Chromium with devices made of files."""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright
from playwright.sync_api import TimeoutError as PatienceEnded

from audio.resample import resample_whole
from audio.transcribe import Transcriber
from stream.weights import WeightStore
from tests.browser.made_media import RATE_HZ, Rgb, make_camera_y4m, make_mic_wav

ROOT = Path(__file__).parents[2]
EAR = Path(__file__).parent / "ear.js"
READY_WITHIN_S = 120.0
ANSWER_WITHIN_MS = 30_000
TRIES = 3
FLAGS = [
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-dev-shm-usage",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]


@dataclass
class Server:
    """`omnilive run` as a process of its own. Starts when it is first needed, and again after it was stopped."""

    home: Path
    options: tuple[str, ...] = ()
    log: list[str] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = None
    _url: str = ""

    @property
    def url(self) -> str:
        if self._process is None or self._process.poll() is not None:
            self._start()
        return self._url

    def _start(self) -> None:
        self._url = ""
        environment = {**os.environ, "OMNILIVE_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "omnilive", "run", "--port", "0", *self.options]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        found = threading.Event()
        threading.Thread(target=self._read, args=(self._process, found), daemon=True).start()
        found.wait(READY_WITHIN_S)
        if not self._url:
            self._process.kill()
            pytest.fail("the server was not ready in time; it said:\n" + "".join(self.log))

    def _read(self, process: subprocess.Popen[str], found: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.log.append(line)
            address = re.search(r"http://127\.0\.0\.1:\d+/", line)
            if address:
                self._url = address[0]
                found.set()
        found.set()  # it has ended

    def stop(self, number: signal.Signals = signal.SIGTERM, within_s: float = 10.0) -> tuple[int, float]:
        """(exit code, seconds it took)."""
        assert self._process is not None
        began = time.perf_counter()
        self._process.send_signal(number)
        code = self._process.wait(within_s)
        return code, time.perf_counter() - began

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self._process.kill()
                raise


@dataclass
class Person:
    """Somebody in front of the page."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.page.click("#start")
        self.page.wait_for_selector("#state[data-state=listening]", timeout=ANSWER_WITHIN_MS)

    def type(self, text: str) -> None:
        self.page.fill("#say-text", text)
        self.page.press("#say-text", "Enter")

    def wait_for(self, state: str) -> None:
        self.page.wait_for_selector(f"#state[data-state={state}]", timeout=ANSWER_WITHIN_MS)

    def wait_until_seen(self, what: str = ".") -> None:
        """Returns once the page's description of the scene matches the pattern `what`."""
        described = self.page.locator("#scene-description", has_text=re.compile(what))
        self._patiently(described, f"nothing like {what!r} was seen")

    def ask_aloud(self, understood: str) -> int:
        """Opens a microphone that loops for the length of one sentence. Returns which of the user's turns it was.

        Says it again, as people do, when what was `understood` is something else.
        """
        for _ in range(TRIES):
            number = len(self.captions("user")) + 1
            self.unmute_between_sentences()
            self.wait_for_caption("user", number)
            self.page.click("#mute")
            if understood in plain(self.captions("user")[number - 1]["text"]):
                return number
            self.reply(number)
        return pytest.fail(f"not understood in {TRIES} tries; what there is: {self.told()}")

    def unmute_between_sentences(self) -> None:
        """For a microphone that loops: opens it once it has finished a sentence."""
        self.page.evaluate(
            """async () => {
                const context = new AudioContext(), analyser = context.createAnalyser();
                const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
                context.createMediaStreamSource(microphone).connect(analyser);
                const samples = new Float32Array(analyser.fftSize);
                for (let spoken = 0, quiet = 0; !(spoken > 3 && quiet > 5); ) {
                    await new Promise((tick) => setTimeout(tick, 50));
                    analyser.getFloatTimeDomainData(samples);
                    const loud = samples.some((sample) => Math.abs(sample) > 0.05);
                    spoken += loud;
                    quiet = loud ? 0 : quiet + 1;
                }
                document.querySelector("#mute").click();
                microphone.getTracks().forEach((track) => track.stop());
            }"""
        )

    def captions(self, role: str) -> list[dict[str, Any]]:
        """What was said by "user" or "assistant": {"text", "heard", "cut", "final"}, oldest first."""
        return self.page.evaluate(
            """role => [...document.querySelectorAll(`#captions [data-role=${role}]`)].map((item) => ({
                text: [...item.querySelectorAll(".text, .heard, .waiting, s")].map((e) => e.textContent).join(""),
                heard: item.querySelector(".heard")?.textContent ?? "",
                cut: item.dataset.cut === "true",
                final: item.dataset.final === "true",
            }))""",
            role,
        )

    def wait_for_caption(self, role: str, number: int) -> None:
        """Returns once the so-manieth thing that `role` said is final."""
        final = self.page.locator(f'#captions [data-role={role}][data-final="true"]')
        self._patiently(final.nth(number - 1), f"the {role} has not said {number} things")

    def _patiently(self, element: Locator, otherwise: str) -> None:
        try:
            element.wait_for(state="attached", timeout=ANSWER_WITHIN_MS)
        except PatienceEnded:
            pytest.fail(f"{otherwise}; what there is: {self.told()}")

    def told(self) -> str:
        """What the page shows, for a person who wonders why a test failed."""
        state, notice = self.page.get_attribute("#state", "data-state"), self.page.text_content("#notice")
        scene = self.page.text_content("#scene-description")
        return f"{state}; {notice!r}; {scene!r}; user {self.captions('user')}; assistant {self.captions('assistant')}"

    def reply(self, number: int = 1) -> dict[str, Any]:
        """The so-manieth reply, once it has been said to its end or was cut."""
        self.wait_for_caption("assistant", number)
        return self.captions("assistant")[number - 1]

    def heard(self) -> np.ndarray:
        """What came out of the loudspeaker, float32 at 16 kHz; a little is waited for what is still in the air."""
        self.page.wait_for_timeout(500)
        samples: np.ndarray = np.frombuffer(base64.b64decode(self.page.evaluate("ear.heard()")), np.int16)
        return resample_whole(samples.astype(np.float32) / 32768, RATE_HZ, 16_000)

    def level(self, seconds: float) -> float:
        return float(self.page.evaluate("seconds => ear.level(seconds)", seconds))


OpenPage = Callable[..., Person]


@pytest.fixture(scope="session")
def server(weights: WeightStore, home: Path) -> Iterator[Server]:
    running = Server(home)
    yield running
    running.close()
    log = "".join(running.log)
    assert "Traceback" not in log, log
    assert "never retrieved" not in log, log


@pytest.fixture(scope="session")
def transcribe(weights: WeightStore) -> Callable[[np.ndarray], str]:
    """Words in float32 (n,) at 16 kHz, in small letters and without punctuation."""
    transcriber = Transcriber(weights.path("whisper-tiny.en"), threads=2)

    def words(samples: np.ndarray) -> str:
        return " ".join(plain(transcriber.transcribe(part, careful=True).text) for part in spoken_parts(samples))

    return words


def spoken_parts(samples: np.ndarray, pause_s: float = 0.6, loud: float = 0.01) -> list[np.ndarray]:
    """What is between pauses, with a little silence around: one reply after the other."""
    frame = 320
    levels = np.abs(samples[: len(samples) // frame * frame]).reshape(-1, frame).max(1)
    sounding = np.flatnonzero(levels > loud)
    if not len(sounding):
        return []
    margin = round(pause_s / 2 * 16_000)
    runs = np.split(sounding, np.flatnonzero(np.diff(sounding) * frame > pause_s * 16_000) + 1)
    return [samples[max(0, run[0] * frame - margin) : (run[-1] + 1) * frame + margin] for run in runs]


def plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9']+", text.lower()))


@pytest.fixture
def call_page(server: Server, page_playwright: Playwright, chromium_path: str, tmp_path: Path) -> Iterator[OpenPage]:
    """Opens the page in a browser of its own: `says` is a script for the microphone, `shows` what the camera sees.

    Given `beside` another Person, it is a second visitor in that one's browser, with the same devices.
    """
    with ExitStack() as closing:
        people: list[Person] = []

        def launched(says: list[str | float], shows: Rgb, loop: bool) -> Browser:
            mic = make_mic_wav(tmp_path / f"mic{len(people)}.wav", says, loop)
            camera = make_camera_y4m(tmp_path / f"camera{len(people)}.y4m", shows)
            devices = [
                f"--use-file-for-fake-audio-capture={mic}" + ("" if loop else "%noloop"),
                f"--use-file-for-fake-video-capture={camera}",
            ]
            browser = page_playwright.chromium.launch(executable_path=chromium_path, args=[*FLAGS, *devices])
            closing.callback(browser.close)
            return browser

        def open_page(
            says: list[str | float] | None = None,
            shows: Rgb | None = None,
            loop: bool = False,
            beside: Person | None = None,
        ) -> Person:
            grey = np.full((480, 640, 3), 120, np.uint8)
            if beside is not None:
                assert beside.page.context.browser is not None
                browser = beside.page.context.browser
            else:
                browser = launched(says or [1.0], grey if shows is None else shows, loop)
            context = browser.new_context(viewport={"width": 1280, "height": 800}, permissions=["camera", "microphone"])
            person = Person(context.new_page())
            people.append(person)
            person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
            person.page.add_init_script(path=EAR)
            person.page.goto(server.url)
            person.page.wait_for_selector("html[data-ready]")
            return person

        yield open_page
        for person in people:
            assert person.complaints == []
            # Says goodbye, as a closed tab does: who vanishes keeps a place for a while, and the next one has to wait.
            person.page.close()
