"""Measures voice-to-voice latency: from the end of the user's speech to the first sound of the reply in the browser.

Uses the real server with its real models, and real Chromium whose microphone and camera play files. Both ends are
recorded on the browser's audio clock: the latency of a turn is the time between the last loud sample of a question in
the microphone and the first loud sample of the reply in the loudspeaker. The stages are the server's own marks.
"""

from __future__ import annotations

import base64
import re
import sys
import tempfile
import urllib.request
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.chromium import chromium_path
from benchmarks.report import benchmark_parser, report
from stream.runtime.budget import STAGES, percentile
from tests.browser.call_fixtures import FLAGS
from tests.browser.made_media import RATE_HZ, make_camera_y4m, make_mic_wav, sign, spoken
from tests.browser.served import Server
from ui.host.home import home

# What is looked up, and what only the language model can answer; asked in turn.
RULE_QUESTIONS = (
    "What does the sign say?",
    "How many people are there?",
    "Is there a cup on the table?",
    "Can you read that for me?",
    "What time is it?",
)
MODEL_QUESTIONS = (
    "Tell me something about dogs.",
    "Why is the sky blue?",
    "What is the capital of Italy?",
    "How do I boil an egg?",
    "What should I pack for a day at the beach?",
)
QUESTIONS = tuple(chain(*zip(RULE_QUESTIONS, MODEL_QUESTIONS, strict=True)))
SETTLING_S = 4.0
GAP_S = 7.0
INTERRUPT_AT_S = 6.0  # after a question: a longer reply is interrupted, so that the next question meets silence
LOUD = 0.012

Sound = NDArray[np.float32]


def spoken_at(questions: list[str]) -> list[tuple[float, float]]:
    """(start, end) in seconds of each question in the microphone's file; it ends with its last loud sample."""
    at, times = SETTLING_S, []
    for question in questions:
        sound = spoken(question).astype(np.float32) / 32768
        loud = np.flatnonzero(np.abs(sound) > LOUD)
        times.append((at, at + (loud[-1] + 1) / RATE_HZ))
        at += len(sound) / RATE_HZ + GAP_S
    return times


def offset_of(microphone: Sound, times: list[tuple[float, float]]) -> float:
    """The time in the recording at which the file begins, where its loud stretches fit the recorded ones best."""
    hop = RATE_HZ // 100
    recorded = np.abs(microphone[: len(microphone) // hop * hop]).reshape(-1, hop).max(1) > LOUD
    expected = np.zeros(int(times[-1][1] * 100) + 1, bool)
    for start, end in times:
        expected[int(start * 100) : int(end * 100)] = True
    room = len(recorded) - len(expected)
    if room <= 0:
        sys.exit("The recording is shorter than the questions: the call was lost.")
    fit = [int((recorded[shift : shift + len(expected)] == expected).sum()) for shift in range(min(room, 3000))]
    return int(np.argmax(fit)) / 100


def delays_ms(both: Sound, times: list[tuple[float, float]]) -> list[float | None]:
    """Milliseconds from each question's end to the first sound of its reply; None if none came in time."""
    microphone, loudspeaker = both[0::2], both[1::2]
    offset = offset_of(microphone, times)
    delays: list[float | None] = []
    for start, end in times:
        from_s, to_s = offset + (start + end) / 2, offset + end + 0.15
        heard = np.flatnonzero(np.abs(microphone[int(from_s * RATE_HZ) : int(to_s * RATE_HZ)]) > LOUD)
        if not len(heard):
            delays.append(None)
            continue
        stopped = int(from_s * RATE_HZ) + int(heard[-1])
        answer = np.flatnonzero(np.abs(loudspeaker[stopped : stopped + int(INTERRUPT_AT_S * RATE_HZ)]) > LOUD)
        delays.append(1000 * float(answer[0]) / RATE_HZ if len(answer) else None)
    return delays


def hold_conversation(page: Page, times: list[tuple[float, float]]) -> tuple[Sound, list[dict[str, Any]]]:
    """Holds the conversation; returns the recording of both ends, and the turns as the page records them."""
    page.click("#start")
    page.wait_for_selector("#state[data-state=listening]", timeout=30_000)
    began = page.evaluate("performance.now()") / 1000
    for number, (_, end) in enumerate(times, 1):
        wait_s = began + end + INTERRUPT_AT_S - page.evaluate("performance.now()") / 1000
        page.wait_for_timeout(max(0.0, 1000 * wait_s))
        if page.get_attribute("#state", "data-state") == "speaking":
            page.keyboard.press("Escape")
        print(f"\rturn {number} of {len(times)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    page.wait_for_timeout(2000)
    pcm = np.frombuffer(base64.b64decode(page.evaluate("bothEnds()")), np.int16)
    turns: list[dict[str, Any]] = page.evaluate("window.omnilive.turns")
    return (pcm / 32768).astype(np.float32), turns


def lag_p99_ms(url: str) -> float:
    """The lag of the server's event loop in the last minute, from its metrics."""
    with urllib.request.urlopen(f"{url}metrics") as answer:
        found = re.search(r"^omnilive_loop_lag_p99_seconds (\S+)", answer.read().decode(), re.MULTILINE)
    return 1000 * float(found[1]) if found else float("nan")


def measure(turns: int) -> dict[str, float]:
    chromium = chromium_path()
    questions = list(islice(cycle(QUESTIONS), turns))
    server = Server(home())
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        times = spoken_at(questions)
        script: list[str | float] = [SETTLING_S]
        for question in questions:
            script += [question, GAP_S]
        devices = [
            f"--use-file-for-fake-audio-capture={make_mic_wav(Path(folder) / 'mic.wav', script)}%noloop",
            f"--use-file-for-fake-video-capture={make_camera_y4m(Path(folder) / 'cam.y4m', sign('CITY', 'LIBRARY'))}",
        ]
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *devices])
            page = browser.new_context(permissions=["camera", "microphone"], bypass_csp=True).new_page()
            page.add_init_script(path=Path(__file__).parent / "both_ends.js")
            page.goto(server.url)
            page.wait_for_selector("html[data-ready]")
            both, page_turns = hold_conversation(page, times)
            lag = lag_p99_ms(server.url)
            browser.close()
        finally:
            server.close()
    return figures(questions, delays_ms(both, times), page_turns, lag)


def figures(
    questions: list[str], delays: list[float | None], page_turns: list[dict[str, Any]], lag: float
) -> dict[str, float]:
    """Prints the latency of each turn; returns the figures."""
    for question, delay in zip(questions, delays, strict=True):
        print(f"{'no answer' if delay is None else f'{delay:6.0f} ms':>10}  {question}")
    good = [delay for delay in delays if delay is not None]
    if not good:
        sys.exit("No turn was answered.")
    result = {
        "turns": len(delays),
        "failures": len(delays) - len(good),
        "v2v_ms_median": round(percentile(good, 0.5), 1),
        "v2v_ms_p95": round(percentile(good, 0.95), 1),
        "v2v_ms_least": round(min(good), 1),
        "v2v_ms_most": round(max(good), 1),
        "loop_lag_ms_p99": round(lag, 2),
    }
    for name, kind in (("rule", RULE_QUESTIONS), ("model", MODEL_QUESTIONS)):
        of_kind = [d for question, d in zip(questions, delays, strict=True) if question in kind and d is not None]
        if of_kind:
            result[f"v2v_{name}_ms_median"] = round(percentile(of_kind, 0.5), 1)
            result[f"v2v_{name}_ms_p95"] = round(percentile(of_kind, 0.95), 1)
    for stage in STAGES:
        marks = [
            turn["latency"]["marks"][stage]
            for turn in page_turns
            if turn["latency"] and stage in turn["latency"]["marks"]
        ]
        if marks:
            result[f"{stage}_ms_median"] = round(percentile(marks, 0.5), 1)
            result[f"{stage}_ms_p95"] = round(percentile(marks, 0.95), 1)
    return result


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--turns", type=int, default=24, help="number of questions (default: 24)")
    options = parser.parse_args()
    report(measure(options.turns), options.json)


if __name__ == "__main__":
    main()
