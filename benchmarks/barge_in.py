"""Measures interruptions at the listener: how soon the voice is lower and silent, and what does not interrupt it.

A server that says long fixed lines (VAD, endpointing, ASR, TTS and page are the product's), and real Chromium whose
microphone plays a file. Sounds come over the replies: interruptions in several voices, "mm-hm" and the like, coughs,
doors, tones, a television and voices behind. Both ends are recorded on the browser's audio clock, and what was heard is
compared with what was synthesised. Then the loudspeaker is heard by the microphone, 12 dB lower and 0.1 s later, and
nobody speaks.

After each interruption the words that the history has of the reply are compared with a transcript of what was heard.
"""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.resample import resample_whole
from audio.transcribe import Transcriber
from benchmarks.calls.chromium import chromium_path
from benchmarks.interrupting.listener import (
    HeardReply,
    as_heard,
    heard_around,
    last_word,
    share_within,
    synthesised,
    words,
)
from benchmarks.interrupting.recorded import BrowserRecording, Message
from benchmarks.interrupting.talkative import LINES, SETUP
from benchmarks.interrupting.trials import Trial, trials
from benchmarks.report import benchmark_parser, report
from stream.models.parts import open_parts
from stream.models.weights import WeightStore
from stream.playout.speech_synthesis import SpeechSynthesis
from stream.runtime.budget import percentile
from tests.browser.call_fixtures import FLAGS, GREY
from tests.browser.made_media import RATE_HZ, Pcm, make_camera_y4m, make_mic_wav
from ui.host.home import home

HERE = Path(__file__).parent
FIRST_S, EVERY_S = 8.0, 7.0
ECHO_GAIN = 10 ** (-12 / 20)
LOUD = 0.012  # of the microphone
CUT_WITHIN_S = 2.5  # an interruption after that is none of the trial's
STALE_S = 0.02
ANSWERS_WITHIN_S = 2.0  # from a typed message to the state that follows
GO_ON = "Please tell me more."
KINDS = ("interruption", "backchannel", "noise", "background")


@dataclass
class TrialOutcome:
    """One trial. `onset_s` None: it did not sound, or nothing was being said. `cut` is the reply that it cut."""

    trial: Trial
    onset_s: float | None = None
    heard: HeardReply | None = None
    cut: tuple[float, Message] | None = None
    stale: int = 0
    reasons: str = ""


@contextmanager
def talkative_server() -> Iterator[str]:
    """The address of a running server."""
    command = [sys.executable, str(HERE / "interrupting" / "talkative.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield next(line.strip() for line in server.stdout if line.startswith("http"))
        finally:
            server.terminate()


async def replies() -> dict[str, Samples]:
    """Every line and its sound as the server makes it."""
    parts = await open_parts(SETUP, WeightStore(home()))
    try:
        speech = SpeechSynthesis(parts.voice, parts.threads.voice, RATE_HZ)
        return {line: await synthesised(speech, line) for line in LINES}
    finally:
        parts.close()


def microphone_script(given: list[Trial]) -> list[Pcm | float]:
    script: list[Pcm | float] = []
    at = 0.0
    for trial in given:
        script += [trial.at_s - at, trial.sound]
        at = trial.at_s + len(trial.sound) / RATE_HZ
    return script


def hold_call(page: Page, given: list[Trial], echo_s: float) -> BrowserRecording:
    """Keeps the assistant speaking while the microphone's file plays; then lets the echo in."""
    page.click("#start")
    page.wait_for_selector("#state[data-state=listening]", timeout=30_000)
    began = page.evaluate("bothEndsNow()")
    trials_end = began + given[-1].at_s + EVERY_S
    _keep_talking(page, trials_end, given)
    page.evaluate("gain => roomEcho(gain)", ECHO_GAIN)
    _keep_talking(page, trials_end + echo_s, given)
    pcm = np.frombuffer(base64.b64decode(page.evaluate("bothEnds()")), np.int16)
    both: Samples = (pcm / 32768).astype(np.float32)
    voice = both[1::2]
    gains = [(float(at), float(gain)) for at, gain in page.evaluate("bothEndsGains")]
    messages = [(float(at), message) for at, message in page.evaluate("roomMessages")]
    return BrowserRecording(began, both[0::2], as_heard(voice, gains), messages, (trials_end, trials_end + echo_s))


def _keep_talking(page: Page, until: float, given: list[Trial]) -> None:
    """Types a message where nothing is being said: a second one over the answer to the first would end it."""
    shown, typed_at = -1, -ANSWERS_WITHIN_S
    while (now := page.evaluate("bothEndsNow()")) < until:
        if page.get_attribute("#state", "data-state") == "listening" and now > typed_at + ANSWERS_WITHIN_S:
            page.fill("#say-text", GO_ON)
            page.press("#say-text", "Enter")
            typed_at = now
        if (done := sum(trial.at_s < now for trial in given)) != shown:
            print(f"\r{done} of {len(given)} trials, {until - now:.0f} s left ", end="", file=sys.stderr, flush=True)
            shown = done
        page.wait_for_timeout(200)


def onsets(given: list[Trial], microphone: Samples, began: float) -> Iterator[float | None]:
    """When each trial was first heard in the recorded microphone, whose file may be late on a busy machine."""
    late = began
    for number, trial in enumerate(given):
        start = trial.at_s + late - (0.5 if number else 1.0)
        near = np.abs(microphone[round(start * RATE_HZ) : round((start + EVERY_S - 1.5) * RATE_HZ)])
        loud = np.flatnonzero(near > LOUD)
        if not len(loud):
            yield None
            continue
        silence = np.flatnonzero(np.abs(trial.sound.astype(np.float32) / 32768) > LOUD)
        found = start + int(loud[0]) / RATE_HZ
        late = found - trial.at_s - (int(silence[0]) / RATE_HZ if len(silence) else 0.0)
        yield found


def judged(given: list[Trial], recorded: BrowserRecording, sounds: dict[str, Samples]) -> Iterator[TrialOutcome]:
    for trial, onset in zip(given, onsets(given, recorded.microphone, recorded.began), strict=True):
        since = recorded.speaking_since(onset) if onset is not None else None
        if onset is None or since is None or onset - since < 1.6:
            unheard = "it was not heard in the microphone"
            yield TrialOutcome(
                trial, reasons=unheard if onset is None else "nothing was being said, or not for long enough"
            )
            continue
        found = (heard_around(recorded.heard, sound, onset) for sound in sounds.values())
        outcome = TrialOutcome(trial, onset, next((each for each in found if each is not None), None))
        cuts = recorded.cuts(onset, onset + CUT_WITHIN_S)
        outcome.cut = cuts[0] if cuts else None
        outcome.reasons = "; ".join(why["text"] for _, why in recorded.of("why", onset, onset + CUT_WITHIN_S))
        if outcome.cut is not None:
            outcome.stale = stale_frames(recorded, onset, outcome.heard)
        yield outcome


def stale_frames(recorded: BrowserRecording, onset: float, heard: HeardReply | None) -> int:
    """Frames of 20 ms with sound between the silence after a cut and the next reply."""
    silent = heard.silent_s() if heard is not None else None
    if silent is None:
        return 0
    start, end = onset + silent + 0.05, recorded.next_state("speaking", onset)
    part = recorded.heard[round(start * RATE_HZ) : round(min(end, start + EVERY_S) * RATE_HZ)]
    frame = round(STALE_S * RATE_HZ)
    levels = np.abs(part[: len(part) // frame * frame]).reshape(-1, frame).max(1) if len(part) >= frame else np.zeros(0)
    return int((levels > LOUD).sum())


def heard_errors(outcomes: list[TrialOutcome], recorded: BrowserRecording) -> Iterator[int]:
    """For each reply that was cut: the words that the history has too many (or too few, if negative)."""
    transcriber = Transcriber(WeightStore(home()).path("whisper-tiny.en"), threads=1)
    for outcome in outcomes:
        if outcome.onset_s is None or outcome.cut is None:
            continue
        since, (ended, reply) = recorded.speaking_since(outcome.onset_s), outcome.cut
        assert since is not None, "A trial that was tried met a reply."
        part = recorded.heard[round((since - 0.3) * RATE_HZ) : round((ended + 0.3) * RATE_HZ)]
        played = resample_whole(part, RATE_HZ, HEARING_RATE_HZ)
        transcript = transcriber.transcribe(np.pad(played, (0, HEARING_RATE_HZ // 2)), careful=True).text
        error = len(words(reply["heard"])) - last_word(transcript, reply["said"])
        print(f"{error:+d} words: history ...{reply['heard'][-40:]!r}, heard ...{transcript[-40:]!r}")
        yield error


def _ms(at: float | None) -> str:
    return "   -   " if at is None else f"{1000 * at:4.0f} ms"


def figures(outcomes: list[TrialOutcome], recorded: BrowserRecording) -> dict[str, float]:
    for each in outcomes:
        ducked, silent = (each.heard.ducked_s(), each.heard.silent_s()) if each.heard else (None, None)
        result = "not tried" if each.onset_s is None else "cut" if each.cut is not None else "went on"
        levels = f"ducked {_ms(ducked)}, silent {_ms(silent)}" if each.heard is not None else f"{'not compared':32}"
        print(f"{each.trial.kind:13} {result:10} {levels}  {each.trial.name}  {each.reasons}")
    tried = {kind: [o for o in outcomes if o.trial.kind == kind and o.onset_s is not None] for kind in KINDS}
    true = tried["interruption"]
    cut = [each for each in true if each.cut is not None and each.heard is not None]
    ducks = [at for each in true if each.heard is not None and (at := each.heard.ducked_s()) is not None]
    silences = [at for each in cut if each.heard is not None and (at := each.heard.silent_s()) is not None]
    echo = recorded.cuts(*recorded.echo)
    for at, why in recorded.of("why", *recorded.echo):
        print(f"echo, after {at - recorded.echo[0]:4.1f} s: {why['text']}")
    errors = list(heard_errors(outcomes, recorded))

    def kept(kind: str) -> float:
        each = tried[kind]
        return round(sum(one.cut is None for one in each) / len(each), 3) if each else float("nan")

    def ms(values: list[float], share: float) -> float:
        return round(1000 * percentile(values, share)) if values else float("nan")

    return {
        "interruptions": len(true),
        "not_tried": sum(each.onset_s is None for each in outcomes),
        "duck_ms_median": ms(ducks, 0.5),
        "duck_ms_p95": ms(ducks, 0.95),
        "silence_ms_median": ms(silences, 0.5),
        "silence_ms_p95": ms(silences, 0.95),
        "interruption_recall": round(sum(each.cut is not None for each in true) / max(1, len(true)), 3),
        "backchannels": len(tried["backchannel"]),
        "backchannels_kept": kept("backchannel"),
        "noises_kept": kept("noise"),
        "background_kept": kept("background"),
        "self_interruptions": len(echo),
        "stale_frames": sum(each.stale for each in outcomes),
        "heard_compared": len(errors),
        "heard_within_one_word": round(share_within(errors, 1), 3),
        "heard_within_two_words": round(share_within(errors, 2), 3),
    }


def measure(interruptions: int, backchannels: int, others: int, echo_s: float) -> dict[str, float]:
    given = trials(interruptions, backchannels, others, FIRST_S, EVERY_S)
    sounds = asyncio.run(replies())
    with tempfile.TemporaryDirectory() as folder, talkative_server() as url, sync_playwright() as playwright:
        microphone = make_mic_wav(Path(folder) / "mic.wav", microphone_script(given))
        devices = [
            f"--use-file-for-fake-audio-capture={microphone}%noloop",
            f"--use-file-for-fake-video-capture={make_camera_y4m(Path(folder) / 'cam.y4m', GREY)}",
        ]
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=[*FLAGS, *devices])
        page = browser.new_context(permissions=["camera", "microphone"], bypass_csp=True).new_page()
        page.add_init_script(path=HERE / "calls" / "both_ends.js")
        page.add_init_script(path=HERE / "interrupting" / "room.js")
        page.goto(url)
        page.wait_for_selector("html[data-ready]")
        recorded = hold_call(page, given, echo_s)
        browser.close()
    print(file=sys.stderr)
    return figures(list(judged(given, recorded, sounds)), recorded)


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--interruptions", type=int, default=40, help="true interruptions (default: 40)")
    parser.add_argument("--backchannels", type=int, default=24, help='"mm-hm" and the like (default: 24)')
    parser.add_argument("--others", type=int, default=12, help="noises, and voices behind (default: 12)")
    parser.add_argument("--echo", type=float, default=60.0, metavar="SECONDS", help="of echo alone (default: 60)")
    options = parser.parse_args()
    report(measure(options.interruptions, options.backchannels, options.others, options.echo), options.json)


if __name__ == "__main__":
    main()
