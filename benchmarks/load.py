"""Measures a server under load: N calls of one dialect at the same time, in real time, for each N of --calls.

Every caller asks sums and products aloud, at times of its own; no answer of one caller can be that of another, even
where an operand was misheard. The latency of a turn is the time from the last loud sample that was sent to the first
sound of the answer that arrives. A reply with another caller's number is cross-talk.

Without --url, the server is started with its embedded models; callers and server then share the machine. `ready_s` is
how long that takes, `rss_mb` the most that its processes hold while they talk.
"""

from __future__ import annotations

import asyncio
import re
import resource
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from audio.resample import resample_whole
from benchmarks.callers.dialects import DIALECTS, CallRefused, DialectCaller
from benchmarks.report import benchmark_parser, report
from stream.runtime.budget import TRANSCRIBED_BUDGET_S, percentile
from tests.browser.made_media import RATE_HZ, spoken
from tests.browser.served import ServerProcess
from ui.host.home import home

BUDGET_S = TRANSCRIBED_BUDGET_S["first_sound_heard"]
VOICES = ("en-gb-scotland", "en-us+m7", "en-gb+f4", "en-gb")
OPERANDS = range(3, 20)
LOUD = 0.012
FIRST_S, WAIT_S, PAUSE_S = 3.0, 8.0, (1.0, 3.0)


@dataclass(frozen=True, slots=True)
class Product:
    """A question with one right answer."""

    a: int
    b: int

    @property
    def answer(self) -> int:
        return self.a * self.b

    @property
    def question(self) -> str:
        return f"What is {self.a} times {self.b}?"

    def confusable(self, other: Product) -> bool:
        """Whether the answer of `other` could be what this question became when one operand was misheard."""
        return other.answer % self.a == 0 or other.answer % self.b == 0


def products(callers: int, rounds: int, chance: Random) -> list[list[Product]]:
    """`rounds` questions for each caller; in a round, none is confusable with another caller's."""
    asked: list[list[Product]] = [[] for _ in range(callers)]
    while len(asked[0]) < rounds:
        drawn = [Product(*chance.sample(OPERANDS, 2)) for _ in range(callers)]
        if not any(one.confusable(other) for one in drawn for other in drawn if one is not other):
            for questions, product in zip(asked, drawn, strict=True):
                questions.append(product)
    return asked


@dataclass
class LoadTally:
    """What the calls of one level came to."""

    latencies_s: list[float] = field(default_factory=list)
    asked: int = 0
    right: int = 0
    unanswered: int = 0
    refused: int = 0
    cross_talk: int = 0

    def judge(self, words: str, own: int, others: set[int]) -> None:
        numbers = {int(number) for number in re.findall(r"\d+", words)}
        self.right += own in numbers
        self.cross_talk += bool(numbers & others) and own not in numbers


async def converse(caller: DialectCaller, url: str, questions: list[list[Product]], me: int, tally: LoadTally) -> None:
    """One call: asks this caller's questions in turn."""
    chance = Random(me)
    try:
        await caller.open(url)
    except CallRefused:
        tally.refused += 1
        await caller.close()
        return
    try:
        await caller.speak(np.zeros(round(chance.uniform(1, FIRST_S) * caller.rate), np.float32))
        for number, product in enumerate(questions[me]):
            others = {each[number].answer for each in questions} - {product.answer}
            await _ask(caller, product, others, VOICES[me % len(VOICES)], tally)
            await caller.speak(np.zeros(round(chance.uniform(*PAUSE_S) * caller.rate), np.float32))
    finally:
        await caller.close()


async def _ask(caller: DialectCaller, product: Product, others: set[int], voice: str, tally: LoadTally) -> None:
    said = await asyncio.to_thread(spoken, product.question, voice)
    sound = resample_whole(said.astype(np.float32) / np.float32(32768), RATE_HZ, caller.rate)
    sound = sound[: int(np.flatnonzero(np.abs(sound) > LOUD)[-1]) + 1]
    caller.forget()
    tally.asked += 1
    await caller.speak(sound)
    ended, quiet = time.monotonic(), np.zeros(caller.rate // 10, np.float32)
    while caller.first_audio_at is None and time.monotonic() - ended < WAIT_S:
        await caller.speak(quiet)
    if caller.first_audio_at is None:
        tally.unanswered += 1
        return
    tally.latencies_s.append(caller.first_audio_at - ended)
    length = -1
    while length != len(caller.words):  # the reply goes on
        length = len(caller.words)
        await caller.speak(np.tile(quiet, 20))
    tally.judge(caller.words, product.answer, others)


async def level(url: str, dialect: str, callers: int, rounds: int, seed: int) -> LoadTally:
    """N calls at the same time."""
    tally, questions = LoadTally(), products(callers, rounds, Random(seed))
    async with asyncio.TaskGroup() as tasks:
        for me in range(callers):
            tasks.create_task(converse(DIALECTS[dialect](), url, questions, me, tally))
    return tally


def resident_mb(pid: int) -> float:
    """What a process and those that it started hold in memory; a packed file of weights that is mapped counts too."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6 + sum(resident_mb(int(child)) for child in children)


async def watched(server: ServerProcess, talking: Coroutine[Any, Any, LoadTally]) -> tuple[LoadTally, float]:
    """What the calls came to, and the most memory that the server held meanwhile."""
    calls, most = asyncio.create_task(talking), resident_mb(server.pid)
    while not (await asyncio.wait([calls], timeout=1.0))[0]:
        most = max(most, resident_mb(server.pid))
    return calls.result(), most


def figures_of(tallies: dict[int, LoadTally]) -> dict[str, float]:
    """The figures by the number of calls. A level is within the budget where nobody is refused or left unanswered and
    the 95th percentile is within it."""
    figures: dict[str, float] = {"sessions_within_budget": 0}
    for callers, tally in tallies.items():
        late = percentile(tally.latencies_s, 0.95) if tally.latencies_s else float("nan")
        if not tally.refused and not tally.unanswered and late <= BUDGET_S:
            figures["sessions_within_budget"] = max(callers, figures["sessions_within_budget"])
        if tally.latencies_s:
            figures[f"first_audio_ms_p50_at_{callers}"] = round(1000 * percentile(tally.latencies_s, 0.5))
            figures[f"first_audio_ms_p95_at_{callers}"] = round(1000 * late)
        for name in ("asked", "right", "unanswered", "refused"):
            figures[f"{name}_at_{callers}"] = getattr(tally, name)
    for name in ("refused", "cross_talk"):
        figures[name] = sum(getattr(tally, name) for tally in tallies.values())
    return figures


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--dialect", choices=tuple(DIALECTS), default="openai", help="what the callers speak")
    parser.add_argument("--calls", type=int, nargs="+", default=[1, 2], metavar="N", help="calls at the same time")
    parser.add_argument("--rounds", type=int, default=8, help="questions of each call")
    parser.add_argument("--seed", type=int, default=0, help="other numbers are asked for")
    parser.add_argument("--url", help="a running server, instead of one of this machine")
    options = parser.parse_args()
    server = None if options.url else ServerProcess(home())
    tallies: dict[int, LoadTally] = {}
    held: dict[str, float] = {}
    try:
        began = time.perf_counter()
        url = options.url or (server.url if server else "")
        held["ready_s"] = round(time.perf_counter() - began, 1)
        for callers in options.calls:
            talking = level(url, options.dialect, callers, options.rounds, options.seed)
            if server is None:
                tallies[callers] = asyncio.run(talking)
            else:
                tallies[callers], most = asyncio.run(watched(server, talking))
                held[f"rss_mb_at_{callers}"] = round(most)
    finally:
        if server is not None:
            server.close()
    report(figures_of(tallies) | (held if server else {}), options.json)


if __name__ == "__main__":
    main()
