"""Measures what a server uses in a long conversation: memory, threads, descriptors, and the latency of answers.

Two callers speak in turn to the real server with its real models, in real time; each has a microphone that asks a
question every few seconds and a camera. The callers are programs (aiortc), so that a browser's own growth is not
measured. With --vanish, calls are first made and left without a goodbye that many times.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random

import httpx
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import benchmark_parser, report
from stream.runtime.budget import percentile
from tests.browser.made_media import spoken
from tests.browser.served import ServerProcess
from tests.ui.caller import Caller
from tests.ui.tracks import Colours, Tone, ToneOut
from ui.host.home import home
from ui.host.supervisor import resident_bytes

CALLERS = 2
EVERY_S = 12.0  # between the beginnings of a caller's questions
SAMPLE_EVERY_S = 2.0
WARM_S = 600.0  # the slope is measured after this, or after a third of a shorter run
QUESTIONS = (
    "What do you see?",
    "What is the capital of Italy?",
    "Tell me something about dogs.",
    "What time is it?",
    "How do I boil an egg?",
    "Is there a cup on the table?",
)


class Voice(Tone):
    """A microphone that asks a question every EVERY_S."""

    def __init__(self, chance: Random) -> None:
        super().__init__()
        self._sounds = [spoken(text).astype(np.float32) / 32768 for text in QUESTIONS]
        self._order = cycle(chance.sample(range(len(QUESTIONS)), len(QUESTIONS)))
        self._out = self.questions = Questions(self._sounds, self._order, chance.uniform(2, EVERY_S))


class Questions(ToneOut):
    """Endless playback of questions with pauses."""

    def __init__(self, sounds: list[np.ndarray], order: cycle[int], first_s: float) -> None:
        super().__init__()
        self._sounds, self._order = sounds, order
        self.asked = 0
        self._begins = round(first_s * 48_000)
        self._sound = sounds[next(order)]

    def pull(self, n: int) -> np.ndarray:
        start = self.pulled - self._begins
        self.pulled += n
        piece = np.zeros(n, np.float32)
        low, high = max(start, 0), min(start + n, len(self._sound))
        if low < high:
            piece[low - start : high - start] = self._sound[low:high]
        if start < len(self._sound) <= start + n:
            self.asked += 1
        if start + n >= EVERY_S * 48_000:
            self._begins += round(EVERY_S * 48_000)
            self._sound = self._sounds[next(self._order)]
        return piece


@dataclass
class Samples:
    """What the server's process uses, by time."""

    pid: int
    times: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)

    def take(self, at: float) -> None:
        self.times.append(at)
        self.rss_mb.append((resident_bytes(self.pid) or 0) / 1e6)
        self.threads.append(len(os.listdir(f"/proc/{self.pid}/task")))
        self.descriptors.append(len(os.listdir(f"/proc/{self.pid}/fd")))

    async def follow(self, seconds: float) -> None:
        began = time.monotonic()
        while (at := time.monotonic() - began) < seconds:
            self.take(at)
            await asyncio.sleep(SAMPLE_EVERY_S)


def slope_per_minute(times: list[float], values: list[float], from_s: float) -> float:
    """Least squares over the samples after `from_s`."""
    kept = [(at, value) for at, value in zip(times, values, strict=True) if at >= from_s]
    if len(kept) < 2:
        return float("nan")
    x, y = np.array(kept).T
    return float(60 * np.polyfit(x, y, 1)[0])


def drift(latencies: list[float]) -> float:
    """The 95th percentile of the second half over that of the first, less 1."""
    half = len(latencies) // 2
    if half < 2:
        return float("nan")
    return percentile(latencies[half:], 0.95) / percentile(latencies[:half], 0.95) - 1


async def converse(client: httpx.AsyncClient, seconds: float, seed: int) -> tuple[int, int, list[float]]:
    """One caller: (questions asked, answers, seconds from each question's end to the first sound of its answer)."""
    voice = Voice(Random(seed))
    async with Caller(client, (voice, Colours(640, 480))) as caller:
        await caller.call()
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            await asyncio.sleep(2.0)
            caller.sound.clear()
            if caller.channel.readyState != "open":
                sys.exit("The call was lost.")
            caller.send({"type": "ping", "t": 1})
        asked = voice.questions.asked
        await asyncio.sleep(6.0)  # for the last answer
        caller.send({"type": "bye"})
        await caller.message("bye")
    answers = {message["turn"] for message in caller.messages if message["type"] == "reply_text"}
    marks = [message["marks"] for message in caller.messages if message["type"] == "latency"]
    return asked, len(answers), [each["first_sound_sent"] / 1000 for each in marks if "first_sound_sent" in each]


async def vanish(client: httpx.AsyncClient, times: int) -> None:
    """Connects and leaves without a goodbye."""
    for _ in range(times):
        async with Caller(client, (Tone(),)) as caller:
            response = await caller.post()
            if response.status_code == 200:
                await caller.accept(response)
            else:
                await asyncio.sleep(1.0)


def server_pid(supervisor: int) -> int:
    """The server process, child of `omnilive run`."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return int(children[0]) if children else supervisor


async def measure(url: str, pid: int, minutes: float, vanishing: int) -> dict[str, float]:
    seconds, figures = 60 * minutes, dict[str, float]()
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        if vanishing:
            await vanish(client, 3)  # what the first calls allocate stays
            await asyncio.sleep(40)
            samples = Samples(pid)
            samples.take(0.0)
            await vanish(client, vanishing)
            await asyncio.sleep(40)
            samples.take(1.0)
            figures |= {
                "vanished": vanishing,
                "vanished_threads_growth": samples.threads[1] - samples.threads[0],
                "vanished_descriptors_growth": samples.descriptors[1] - samples.descriptors[0],
                "vanished_rss_growth": round(samples.rss_mb[1] / samples.rss_mb[0] - 1, 4),
            }
        if not seconds:
            return figures
        samples = Samples(pid)
        talking = [converse(client, seconds, seed) for seed in range(CALLERS)]
        following = asyncio.create_task(samples.follow(seconds))
        talks = await asyncio.gather(*talking)
        await following
        lag = re.search(r"^omnilive_loop_lag_p99_seconds (\S+)", (await client.get("/metrics")).text, re.MULTILINE)
    warm_s = min(WARM_S, seconds / 3)
    warm = next((index for index, at in enumerate(samples.times) if at >= warm_s), 0)
    return figures | {
        "minutes": minutes,
        "asked": sum(asked for asked, _, _ in talks),
        "answered": sum(answered for _, answered, _ in talks),
        "rss_mb": round(samples.rss_mb[-1], 1),
        "rss_slope_mb_min": round(slope_per_minute(samples.times, samples.rss_mb, warm_s), 3),
        "p95_drift": round(max(drift(latencies) for _, _, latencies in talks), 3),
        "threads_growth": samples.threads[-1] - samples.threads[warm],
        "descriptors_growth": samples.descriptors[-1] - samples.descriptors[warm],
        "loop_lag_ms_p99": round(1000 * float(lag[1]), 1) if lag else float("nan"),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="of conversation (default: 60)")
    parser.add_argument("--vanish", type=int, default=0, metavar="N", help="calls that vanish before (default: none)")
    options = parser.parse_args()
    server = ServerProcess(home())
    try:
        url = server.url
        assert server._process is not None
        pid = server_pid(server._process.pid)
        report(asyncio.run(measure(url, pid, options.minutes, options.vanish)), options.json)
    finally:
        server.close()


if __name__ == "__main__":
    main()
