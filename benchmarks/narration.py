"""Measures descriptions of what happens: from a change on camera to the first word about it, in the browser.

Uses the real server with its real models, and real Chromium whose camera plays a film in which things come and go. The
page's switch is on. Changes are timed on the browser's audio clock by a mark in the corner of its own preview, the
voice in its loudspeaker. A description counts for a change if it begins within five seconds of it.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.calls.chromium import chromium_path
from benchmarks.event_clips.clip import HEIGHT, WIDTH, Board, EventClip, MovingPhoto, Rgb
from benchmarks.report import benchmark_parser, report
from stream.runtime.budget import percentile
from tests.browser.call_fixtures import FLAGS
from tests.browser.made_media import RATE_HZ, make_mic_wav
from tests.browser.served import ServerProcess
from ui.host.home import home

FRAMES_PER_S = 10
STAGE_S = 9.0  # from one change to the next
LOUD = 0.012
IN_TIME_S = 5.0

_PERSON, _OTHER = MovingPhoto("person", 0.25, slides=False), MovingPhoto("person", 0.75, slides=False, number=1)
_CAT, _SIGN = MovingPhoto("cat", 0.75, slides=False), Board("EXIT 42")
# What is in view, one after another, each for STAGE_S.
STAGES: tuple[tuple[tuple[MovingPhoto, ...], tuple[Board, ...]], ...] = (
    ((), ()),
    ((_PERSON,), ()),
    ((_PERSON,), (_SIGN,)),
    ((_PERSON, _CAT), (_SIGN,)),
    ((_PERSON, _OTHER), ()),
    ((_PERSON,), ()),
)


def make_film(path: Path) -> Path:
    """The film as an endless camera."""
    chance = np.random.default_rng(0)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_PER_S}:1 Ip A1:1 C420jpeg\n".encode())
        for number, (things, boards) in enumerate(STAGES):
            clip = EventClip("", STAGE_S, (), things, boards)
            for _ in range(round(STAGE_S * FRAMES_PER_S)):
                picture = _marked(clip.view(0.0, chance), number % 2 == 1)
                file.write(b"FRAME\n" + cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path


def _marked(picture: Rgb, white: bool) -> Rgb:
    picture[-18:, -18:] = 255 if white else 0
    return picture


def watch(page: Page, changes: int) -> tuple[NDArray[np.float32], list[float], list[str]]:
    """(the loudspeaker's sound, the times of the changes in it, what was said)."""
    page.click("#start")
    page.wait_for_selector("#state[data-state=listening]", timeout=30_000)
    page.click("#narrate")
    page.wait_for_selector("#captions [data-role=assistant][data-final=true]", state="attached", timeout=60_000)
    before = len(page.evaluate("clipChanges"))
    patience_ms = 1000 * STAGE_S * (changes + 3)
    page.wait_for_function("most => clipChanges.length > most", arg=before + changes, timeout=patience_ms)
    page.wait_for_timeout(1000 * IN_TIME_S)
    pcm = np.frombuffer(base64.b64decode(page.evaluate("bothEnds()")), np.int16)
    said = page.evaluate("omnilive.turns.filter((turn) => turn.reply).map((turn) => turn.reply.text)")
    return (pcm[1::2] / 32768).astype(np.float32), page.evaluate("clipChanges")[before:], said


def first_words_s(loudspeaker: NDArray[np.float32]) -> list[float]:
    """When each saying begins: sound after 0.7 s of silence."""
    hop = RATE_HZ // 100
    loud = np.abs(loudspeaker[: len(loudspeaker) // hop * hop]).reshape(-1, hop).max(1) > LOUD
    at = np.flatnonzero(loud)
    starts = at[np.flatnonzero(np.diff(at, prepend=-1000) > 70)]
    return [float(start) / 100 for start in starts]


def measure(changes: int) -> dict[str, float]:
    server = ServerProcess(home())
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        devices = [
            f"--use-file-for-fake-audio-capture={make_mic_wav(Path(folder) / 'mic.wav', [5.0])}%noloop",
            f"--use-file-for-fake-video-capture={make_film(Path(folder) / 'cam.y4m')}",
        ]
        try:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=[*FLAGS, *devices])
            page = browser.new_context(permissions=["camera", "microphone"], bypass_csp=True).new_page()
            page.add_init_script(path=Path(__file__).parent / "calls" / "both_ends.js")
            page.add_init_script(path=Path(__file__).parent / "event_clips" / "marks.js")
            page.goto(server.url)
            page.wait_for_selector("html[data-ready]")
            sound, changed, said = watch(page, changes)
            browser.close()
        finally:
            server.close()
    words = first_words_s(sound)
    delays = [next((at - change for at in words if 0 < at - change < IN_TIME_S), None) for change in changed]
    print("\n".join(said))
    for change, delay in zip(changed, delays, strict=True):
        print(f"change at {change:6.1f} s: {'nothing' if delay is None else f'{1000 * delay:.0f} ms'}")
    known = [delay for delay in delays if delay is not None]
    if not known:
        sys.exit("Nothing was said.")
    return {
        "changes": len(changed),
        "described": len(known),
        "delay_ms_median": round(1000 * percentile(known, 0.5), 1),
        "delay_ms_p95": round(1000 * percentile(known, 0.95), 1),
    }


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--changes", type=int, default=12, help="number of changes in view (default: 12)")
    options = parser.parse_args()
    report(measure(options.changes), options.json)


if __name__ == "__main__":
    main()
