"""Measures whether a call of three hours, run without waiting, becomes slower or larger with time.

The real embedded engine with its real model gets the input of a call: a scene every two seconds, and three user turns
per minute with partial transcripts, of which the model answers one, a rule one and a fixed line one; replies are
confirmed as heard. Without the waiting a simulated minute takes half a second. Every minute has the same work in other
words, so an early and a late one differ only in the state that the call has accumulated. Costs are processor time,
since other programs may use the machine.

The last minutes alternate with the first full-window minutes of a new call, so that a change of the processor's speed
affects both.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.calls.simulated_call import SUBJECTS, engine_factory, new_facts, reply_text, seen_at
from benchmarks.report import benchmark_parser, report
from dialogue.blocks import Fact, PartialBlock, ReplyBlock, SceneBlock, TextBlock
from dialogue.engine import Engine, TextDelta
from dialogue.text.labels import LABELS

MINUTES = 180
SCENE_EVERY_S, SCENE_CHANGES_S = 2, 10
GENERATED = 12  # words of a model's reply before the user interrupts, so that all minutes have equally many
COMPARED = 12  # minutes of the old and of the new call

REQUEST = "Could you tell me a long story about the {} of my old neighbour, please?"
STATEMENT = "My brother has got a new {} and he keeps talking about it all day long."
SCENE_QUESTION = "What do you see in front of the camera at the moment?"
FIXED_REPLY = "I see, that sounds like a very good {} to me, tell me more about it."


@dataclass
class TimedSteps:
    """Runs the engine's steps at once; measures the time to first token and the tokens left to prefill."""

    asked_at: float | None = None
    ttft_ms: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)

    async def __call__(self, step: Callable[..., Any], *args: Any) -> Any:
        if self.asked_at is None:
            return step(*args)
        if step.__name__ == "follow" and len(self.left) == len(self.ttft_ms):
            context: Any = getattr(step, "__self__")  # noqa: B009 - a bound method's
            held, wanted = context.ids, args[0]
            pairs = enumerate(zip(held, wanted, strict=False))
            same = next((at for at, (ours, theirs) in pairs if ours != theirs), min(len(held), len(wanted)))
            self.left.append(len(wanted) - same)
        result = step(*args)
        if step.__name__ == "choose":
            self.ttft_ms.append((time.perf_counter() - self.asked_at) * 1000)
            self.asked_at = None
        return result


@dataclass(frozen=True, slots=True)
class Minute:
    """The figures of one simulated minute."""

    cpu_ms: float
    tokens: int
    dropped: int
    rss_mb: float


class EndlessCall:
    """One session and its length so far, in simulated minutes."""

    def __init__(self, engine: Engine, steps: TimedSteps, seed: int) -> None:
        self.engine, self._steps, self._chance = engine, steps, random.Random(seed)
        self.minutes = 0
        self._facts: tuple[Fact, ...] = ()

    async def minute(self) -> Minute:
        """Simulates the next minute."""
        start, began = 60.0 * self.minutes, time.process_time()
        subjects = self._chance.sample(SUBJECTS, 3)
        for second in range(0, 60, SCENE_EVERY_S):
            await self._scene(start + second)
            match second:
                case 4:
                    await self._free(REQUEST.format(subjects[0]), start + second)
                case 24:
                    await self._listen(STATEMENT.format(subjects[1]), start + second)
                    await self._confirm(FIXED_REPLY.format(subjects[1]), start + second + 4)
                case 44:
                    await self._listen(SCENE_QUESTION, start + second)
                    await self._confirm(await reply_text(self.engine), start + second + 4)
        self.minutes += 1
        cost, use = (time.process_time() - began) * 1000, self.engine.context()
        return Minute(cost, sum(use.tokens.values()), use.dropped_blocks, rss_mb())

    async def _scene(self, at: float) -> None:
        if at % SCENE_CHANGES_S == 0:
            self._facts = new_facts(self._chance, LABELS, at)
        await self.engine.feed(SceneBlock(seen_at(self._facts, at), "", at))

    async def _listen(self, text: str, at: float) -> None:
        """A user turn as ASR transcribes it: growing, with a wrong newest word. The last partial transcript is in turn
        the whole text, the text without its final mark, and the text with a wrong last word."""
        words = text.split()
        for end in range(3, len(words), 3):
            await self.engine.feed(PartialBlock(" ".join([*words[: end - 1], self._chance.choice(SUBJECTS)]), at))
        wrong = " ".join([*words[:-1], self._chance.choice(SUBJECTS)])
        last = (text, text.rstrip("?."), wrong)[self.minutes % 3]
        await self.engine.feed(PartialBlock(last, at))
        self._steps.asked_at = time.perf_counter()
        await self.engine.feed(TextBlock(text, at, at + 3))

    async def _free(self, text: str, at: float) -> None:
        await self._listen(text, at)
        mark, said = await self.engine.mark(), ""
        async with aclosing(self.engine.reply()) as deltas:
            async for delta in deltas:
                said += delta.text if isinstance(delta, TextDelta) else ""
                if len(said.split()) >= GENERATED:
                    break
        await self.engine.rewind(mark)
        await self._confirm(" ".join(said.split()[:GENERATED]), at + 4, cut=True)

    async def _confirm(self, said: str, at: float, *, cut: bool = False) -> None:
        self._steps.asked_at = None  # a rule answered, so there was no first token
        await self.engine.feed(ReplyBlock(said, at, at + 3, cut))


def rss_mb() -> float:
    """Resident memory now; its peak on a system without /proc."""
    gc.collect()
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def slope(values: Sequence[float]) -> float:
    """The median of the slopes between all pairs (Theil-Sen), per step, which is robust against a single jump."""
    pairs = [(a, b) for b in range(len(values)) for a in range(b)]
    return statistics.median((values[b] - values[a]) / (b - a) for a, b in pairs) if pairs else 0.0


def typical(minutes: Sequence[Minute]) -> float:
    """Milliseconds of processor time of a minute: the mean without the cheapest and the most expensive quarter.

    Not the median: eviction happens every few minutes, and its cost belongs to all of them.
    """
    costs = sorted(minute.cpu_ms for minute in minutes)
    trim = len(costs) // 4
    return statistics.mean(costs[trim : len(costs) - trim])


async def side_by_side(old: EndlessCall, new: EndlessCall) -> tuple[list[Minute], list[Minute]]:
    """The next minutes of two calls, alternating."""
    of_old: list[Minute] = []
    of_new: list[Minute] = []
    for number in range(COMPARED):
        for call, minutes in ((old, of_old), (new, of_new)) if number % 2 else ((new, of_new), (old, of_old)):
            minutes.append(await call.minute())
    return of_old, of_new


async def until_full(call: EndlessCall) -> list[Minute]:
    """Simulates minutes until the context window is full and the first block is evicted."""
    minutes = [await call.minute()]
    while not minutes[-1].dropped:
        minutes.append(await call.minute())
    return minutes


def median_of_changed(steps: TimedSteps) -> float:
    """The median time to first token of turns whose last word had changed, which leave the most to prefill."""
    most = max(steps.left)
    return statistics.median(ms for ms, left in zip(steps.ttft_ms, steps.left, strict=True) if left > most // 2)


def show(number: int, minute: Minute) -> None:
    print(f"{number:6} {minute.tokens:8} {minute.dropped:8} {minute.cpu_ms / 60:8.2f} {minute.rss_mb:8.1f}", flush=True)


async def measure(minutes: int, seed: int) -> dict[str, float]:
    steps = TimedSteps()
    new_engine = engine_factory(steps)
    old = EndlessCall(new_engine(), steps, seed)
    print("minute   tokens  dropped ms/second   RSS MB")
    filling = await until_full(old)
    full = [await old.minute()]
    while old.minutes < minutes:
        full.append(await old.minute())
        if old.minutes % 10 == 0:
            show(old.minutes, full[-1])
    new = EndlessCall(new_engine(), steps, seed + 1)
    await until_full(new)
    late, early = await side_by_side(old, new)
    await old.engine.close()
    await new.engine.close()
    return {
        "minutes": minutes,
        "full_after_min": len(filling),
        "tokens_most": max(minute.tokens for minute in (*filling, *full)),
        "ms_per_s_early": round(typical(early) / 60, 3),
        "ms_per_s_late": round(typical(late) / 60, 3),
        "cost_slope_percent_per_h": round(6000 * slope([m.cpu_ms for m in full]) / typical(full), 2),
        "cost_ratio": round(typical(late) / typical(early), 3),
        "rss_slope_mb_min": round(slope([minute.rss_mb for minute in full]), 4),
        "tokens_left_median": statistics.median(steps.left),
        "tokens_left_most": max(steps.left),
        "ttft_ms_changed": round(median_of_changed(steps), 2),
        "ttft_ms_least": round(min(steps.ttft_ms), 2),
        "ttft_ms_median": round(statistics.median(steps.ttft_ms), 2),
        "ttft_ms_p95": round(statistics.quantiles(steps.ttft_ms, n=20)[-1], 2),
    }


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--minutes", type=int, default=MINUTES, help=f"simulated minutes (default: {MINUTES})")
    parser.add_argument("--seed", type=int, default=1, help="seed of the simulated speech and scenes (default: 1)")
    options = parser.parse_args()
    report(asyncio.run(measure(options.minutes, options.seed)), options.json)


if __name__ == "__main__":
    main()
