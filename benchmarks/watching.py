"""Measures the rules of watching: are they said when they come true, and only then, and how soon.

Each clip is a call with the real detector, reader, tracker, parser of rules, turn-taking and voice. The user types a
rule; then things happen at known times. A saying counts as right within 4 s of the event that it is due for. The call
runs on a clock that goes on by the processor time that each step of a model takes: a clip takes no longer than its
computing, and other work on the machine changes nothing. The delay runs from the event to the first sound of the
sentence on that clock, as it leaves the server.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.event_clips.clip import EventClip
from benchmarks.event_clips.scripts import SCRIPTS, clips
from benchmarks.report import benchmark_parser, report
from stream.models.components import component
from stream.models.parts import Parts
from stream.models.setup import SETUPS
from stream.models.weights import WeightStore
from stream.runtime.budget import percentile
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import FrameReceived, ReplyText, State, StateChanged, TextTyped
from stream.runtime.threads import Threads
from stream.session.session import Session
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time
from ui.host.home import home
from vision.picture import Picture
from vision.reading.read_text import Reader
from vision.seeing.look import VisionModels

T = TypeVar("T")

FRAMES_PER_S = 10
IN_TIME_S = 4.0


class TimedThread(DeviceThread):
    """Runs steps at once, and lets the virtual clock go on by the processor time that each took."""

    async def run(self, step: Callable[..., T], *args: Any) -> T:
        began = time.thread_time()
        result = step(*args)
        await asyncio.sleep(time.thread_time() - began)
        return result


@dataclass
class ClipCall(SessionCall):
    """A call about one clip."""

    said: list[tuple[float, str]] = field(default_factory=list)  # when it began to sound, and what was said
    texts: dict[int, str] = field(default_factory=dict)

    async def listens(self) -> None:
        async for event in self.session.events():
            match event:
                case ReplyText(turn, text):
                    self.texts[turn] = self.texts.get(turn, "") + text
                case StateChanged(State.SPEAKING, at):
                    self.said.append((at, self.texts[max(self.texts)]))

    async def shows(self, clip: EventClip) -> None:
        """Shows the clip from its beginning; the rule is set in its first second."""
        chance, began = np.random.default_rng(0), self.session.now()
        for number in range(round(clip.seconds * FRAMES_PER_S)):
            if number == FRAMES_PER_S:
                self.session.push(TextTyped(clip.rule))
            picture = clip.view(number / FRAMES_PER_S, chance)
            self.session.push(FrameReceived(Picture(picture, self.session.now())))
            await self.lasts(max(0.0, began + (number + 1) / FRAMES_PER_S - self.session.now()))


def opened() -> Parts:
    """The models of the default setup that see and speak."""
    store = WeightStore(home())
    detector, tts = component("detectors", SETUPS["laptop"].detector), component("tts", SETUPS["laptop"].tts)
    seeing = detector.open({name: store.path(name) for name in detector.weights})
    voice = tts.open({name: store.path(name) for name in tts.weights})
    reader = Reader()
    for model in (seeing, voice, reader):
        cast(Any, model).warm_up()
    parts = toy_parts(
        lambda: ToyEngine(["I did not take this for a rule."]), vision_models=VisionModels(seeing, reader)
    )
    return replace(parts, voice=voice, threads=Threads(vision=TimedThread("vision"), voice=TimedThread("tts")))


async def said_in(clip: EventClip, parts: Parts) -> list[tuple[float, str]]:
    """(seconds of the clip, sentence) of all that was said after the rule was confirmed."""
    call = ClipCall(Session("clip", parts, SETUPS["laptop"]))
    async with call.running():
        await call.shows(clip)
    assert call.said and "I'll tell you" in call.said[0][1], f"The rule was not understood: {clip.rule}"
    return call.said[1:]


def matched(due: tuple[float, ...], said: list[tuple[float, str]]) -> list[float]:
    """The delays of those events that were said in time."""
    left, delays = [at for at, _ in said], list[float]()
    for event in due:
        first = next((at for at in left if 0 <= at - event <= IN_TIME_S), None)
        if first is not None:
            left.remove(first)
            delays.append(first - event)
    return delays


def measure(seed: int, rounds: int) -> dict[str, float]:
    parts = opened()
    delays, said_count, due_count = list[float](), 0, 0
    try:
        for clip in clips(seed, rounds):
            said = run_in_virtual_time(said_in(clip, parts))
            found = matched(clip.due, said)
            delays += found
            said_count, due_count = said_count + len(said), due_count + len(clip.due)
            is_right = len(found) == len(clip.due) == len(said)
            heard = "; ".join(f"{at:.1f} s: {words.strip()}" for at, words in said) or "nothing"
            due = ", ".join(f"{at:.1f} s" for at in clip.due) or "never"
            print(f"{'ok ' if is_right else 'BAD'}  {clip.rule:52} due {due:14} said {heard}", flush=True)
    finally:
        parts.close()
    if not said_count or not due_count or not delays:
        sys.exit("Nothing was said.")
    return {
        "clips": rounds * len(SCRIPTS),
        "events": due_count,
        "precision": round(len(delays) / said_count, 3),
        "recall": round(len(delays) / due_count, 3),
        "delay_ms_median": round(1000 * percentile(delays, 0.5), 1),
        "delay_ms_p95": round(1000 * percentile(delays, 0.95), 1),
    }


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--seed", type=int, default=1, help="times, places and photos of the clips (default: 1)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each script is played (default: 3)")
    options = parser.parse_args()
    report(measure(options.seed, options.rounds), options.json)


if __name__ == "__main__":
    main()
