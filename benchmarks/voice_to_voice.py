"""Measures voice-to-voice latency: from the end of the user's speech to the first sound of the reply in the browser.

Uses the real server with its real models, and real Chromium whose microphone and camera play files. Both ends are
recorded on the browser's audio clock: the latency of a turn is the time between the last loud sample of a question in
the microphone and the first loud sample of the reply in the loudspeaker. The stages are the server's own marks.

Questions that a rule answers and questions for the language model are counted apart. Some have a filler, some a pause
in the middle ("|"), in which the assistant must not begin; the voices are not those on which turn detection was fitted.
"""

from __future__ import annotations

import base64
import re
import sys
import tempfile
import urllib.request
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from audio.chunk import HEARING_RATE_HZ
from audio.resample import resample_whole
from benchmarks.calls.chromium import chromium_path
from benchmarks.report import benchmark_parser, report
from benchmarks.turn_taking.align import Aligner
from stream.models.weights import WeightStore
from stream.runtime.budget import STAGES, percentile
from tests.browser.call_fixtures import FLAGS
from tests.browser.made_media import RATE_HZ, Pcm, make_camera_y4m, make_mic_wav, sign, spoken
from tests.browser.served import ServerProcess
from ui.host.home import home

# What is looked up, and what only the language model can answer; asked in turn.
RULED = (
    "What does the sign say?",
    "How many people | are there?",
    "What is twelve times four?",
    "Is there a cup | on the table?",
    "Can you, um, | read that for me?",
    "What time is it?",
    "What do you | see right now?",
    "What is the sum of nineteen | and twenty three?",
)
MODELLED = (
    "Tell me something | about dogs.",
    "I would like to know, uh, | why the sky is blue.",
    "What is the capital of Italy?",
    "How do I | boil an egg?",
)
QUESTIONS = tuple(
    question for number, model in enumerate(MODELLED) for question in (*RULED[2 * number : 2 * number + 2], model)
)
VOICES = ("en-gb-scotland", "en-us+m7", "en-gb+f4", "en-gb")
PAUSE_S = 0.6
SETTLING_S = 4.0
GAP_S = 7.0
INTERRUPT_AT_S = 6.0  # after a question: a longer reply is interrupted, so that the next question meets silence
LOUD = 0.012

Sound = NDArray[np.float32]


def said(questions: list[str]) -> list[Pcm]:
    """The sound of each question, by the voices in turn; a pause is put into the whole sentence."""
    aligner = Aligner(WeightStore(home()).path("whisper-tiny.en"))
    sounds = []
    for question, voice in zip(questions, cycle(VOICES)):
        parts = question.split("|")
        sound = spoken(" ".join(" ".join(parts).split()), voice)
        if len(parts) > 1:
            heard = resample_whole(sound.astype(np.float32) / np.float32(32768), RATE_HZ, HEARING_RATE_HZ)
            words = aligner.words(heard, " ".join(" ".join(parts).split()))
            cut = round(words[len(parts[0].split()) - 1][2] * RATE_HZ)
            quiet = np.random.default_rng(0).normal(0, 60, round(PAUSE_S * RATE_HZ)).astype(np.int16)
            sound = np.concatenate([sound[:cut], quiet, sound[cut:]])
        sounds.append(sound)
    return sounds


def spoken_at(sounds: list[Pcm]) -> list[tuple[float, float]]:
    """(start, end) in seconds of each question in the microphone's file; it ends with its last loud sample."""
    at, times = SETTLING_S, []
    for sound in sounds:
        loud = np.flatnonzero(np.abs(sound.astype(np.float32) / 32768) > LOUD)
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


def cut_offs(both: Sound, times: list[tuple[float, float]]) -> int:
    """The number of questions over which the assistant began to speak."""
    offset = offset_of(both[0::2], times)
    spans = [(round((offset + start + 0.3) * RATE_HZ), round((offset + end) * RATE_HZ)) for start, end in times]
    return sum(bool((np.abs(both[1::2][start:end]) > LOUD).any()) for start, end in spans)


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
    server = ServerProcess(home(), ("--no-acknowledgement",))  # the sound of the answer itself is measured
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        sounds = said(questions)
        times = spoken_at(sounds)
        script: list[Pcm | float] = [SETTLING_S]
        for sound in sounds:
            script += [sound, GAP_S]
        devices = [
            f"--use-file-for-fake-audio-capture={make_mic_wav(Path(folder) / 'mic.wav', script)}%noloop",
            f"--use-file-for-fake-video-capture={make_camera_y4m(Path(folder) / 'cam.y4m', sign('CITY', 'LIBRARY'))}",
        ]
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *devices])
            page = browser.new_context(permissions=["camera", "microphone"], bypass_csp=True).new_page()
            page.add_init_script(path=Path(__file__).parent / "calls" / "both_ends.js")
            page.goto(server.url)
            page.wait_for_selector("html[data-ready]")
            both, page_turns = hold_conversation(page, times)
            lag = lag_p99_ms(server.url)
            browser.close()
        finally:
            server.close()
    return figures(questions, delays_ms(both, times), page_turns, lag) | {"cut_offs": cut_offs(both, times)}


def figures(
    questions: list[str], delays: list[float | None], page_turns: list[dict[str, Any]], lag: float
) -> dict[str, float]:
    """Prints the latency of each turn; returns the figures."""
    for question, delay in zip(questions, delays, strict=True):
        print(f"{'no answer' if delay is None else f'{delay:6.0f} ms':>10}  {question}")
    for turn in page_turns:
        marks = turn["latency"]["marks"] if turn["latency"] else {}
        stages = ", ".join(f"{stage} {marks[stage]:.0f}" for stage in STAGES if stage in marks)
        print(f"heard {turn['user']['text'] if turn['user'] else ''!r}: {stages}")
    by_rule, by_model = (
        [delay for question, delay in zip(questions, delays, strict=True) if delay is not None and question in kind]
        for kind in (RULED, MODELLED)
    )
    if not by_rule or not by_model:
        sys.exit("Too few turns were answered.")
    result = {
        "turns": len(delays),
        "failures": sum(delay is None for delay in delays),
        "v2v_ms_median": round(percentile(by_rule, 0.5), 1),
        "v2v_ms_p95": round(percentile(by_rule, 0.95), 1),
        "v2v_model_ms_median": round(percentile(by_model, 0.5), 1),
        "v2v_model_ms_p95": round(percentile(by_model, 0.95), 1),
        "v2v_ms_least": round(min(by_rule + by_model), 1),
        "v2v_ms_most": round(max(by_rule + by_model), 1),
        "loop_lag_ms_p99": round(lag, 2),
    }
    timed = [turn["latency"]["marks"] for turn in page_turns if turn["latency"]]
    whole = [marks for marks in timed if {"turn_decided", "first_sound_made", "first_sound_sent"} <= marks.keys()]
    if whole:
        result["dead_air_ms_median"] = round(percentile([marks["turn_decided"] for marks in whole], 0.5), 1)
        after = [max(0.0, marks["first_sound_sent"] - marks["turn_decided"]) for marks in whole]
        result["compute_ms_median"] = round(percentile(after, 0.5), 1)
        ready = [marks["first_sound_made"] <= marks["turn_decided"] for marks in whole]
        result["ready_before_decided"] = round(sum(ready) / len(ready), 3)
    for stage in STAGES:
        marks = [each[stage] for each in timed if stage in each]
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
