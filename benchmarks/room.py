"""Measures a conversation in a room, over the live pipeline without a browser: echo, noise, voices, blips.

VAD, endpointing, echo cancellation, ASR and TTS are the product's; the language model is replaced by fixed lines. The
microphone hears our own voice through a simulated room (`tests/room_sounds.py`), and what a script says. Time is
virtual and models take none of it, so the figures are those of the decisions and do not depend on the machine's load.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from audio.chunk import HEARING_RATE_HZ, Samples
from benchmarks.calls.room_call import SETUP, RoomCall, RoomCallOutcome
from benchmarks.report import benchmark_parser, report
from dialogue.engines.scripted import ScriptedEngine
from stream.models.parts import Parts, open_parts
from stream.models.weights import WeightStore
from stream.runtime.budget import percentile
from stream.runtime.events import State
from tests.room_sounds import (
    EchoPath,
    at_level,
    babble,
    blip,
    clipped_vowel,
    cough,
    door,
    music,
    pink_noise,
    placed,
    said,
    seconds,
    television,
)
from tests.virtual_time import run_in_virtual_time
from ui.host.home import home

TALKER_DBFS = -23.0
ROOM_DBFS = -66.0  # of a quiet room, which has some noise too
LINES = (
    "The old bridge was built a hundred years ago, and since then it has carried trains, carts and people over the "
    "river every day. In winter it is covered with ice.",
    "There are three things to remember when you bake bread. Use warm water, wait long enough, and do not open the "
    "oven too early. Everything else is a question of taste.",
    "A lighthouse keeper writes down the weather four times a day. He notes the wind, the height of the waves, and "
    "every ship that passes on its way to the harbour.",
)
QUESTIONS = (
    "What do you see on the table?",
    "How many people are in the room?",
    "Please tell me what time it is.",
    "Is there anything left to drink?",
    "Where did I put my glasses this morning?",
    "Can you read the title of this book?",
)
BACKGROUND = (
    "The minister said that the talks would go on until the end of the week.",
    "After the break we will look at the weather for the coast and the mountains.",
    "She had never seen so much snow in her life, and it kept falling.",
    "Nobody in the village remembered who had planted the old tree.",
)
VOICES = ("en-us", "en-gb-scotland", "en-gb-x-rp", "en-us+f3", "en-gb+m4", "en-us+f2", "en-gb+f4", "en-us+m7")
INTERRUPTIONS = ("Stop, that is enough for now.", "Wait, I have another question.", "No, I meant something else.")


def quiet(length_s: float, seed: int = 0) -> Samples:
    return at_level(np.random.default_rng(seed).standard_normal(seconds(length_s)).astype(np.float32), ROOM_DBFS)


def over(background: Samples, *pieces: tuple[float, Samples]) -> Samples:
    length_s = len(background) / HEARING_RATE_HZ
    mixed: Samples = background + placed(length_s, *pieces)
    return mixed


ECHOES: tuple[tuple[str, Callable[[], EchoPath]], ...] = (
    ("-6 dB, 50 ms", lambda: EchoPath(gain_db=-6, delay_s=0.05)),
    ("-6 dB, 300 ms", lambda: EchoPath(gain_db=-6, delay_s=0.3, seed=1)),
    ("-12 dB, 150 ms", lambda: EchoPath(gain_db=-12, delay_s=0.15, seed=2)),
    ("-18 dB, 100 ms", lambda: EchoPath(gain_db=-18, delay_s=0.1, seed=3)),
    ("-30 dB, 200 ms", lambda: EchoPath(gain_db=-30, delay_s=0.2, seed=4)),
    ("-10 dB, 150 ms, distorted", lambda: EchoPath(gain_db=-10, delay_s=0.15, distortion=0.3, seed=5)),
    ("-10 dB, 150 ms, 100 ppm", lambda: EchoPath(gain_db=-10, delay_s=0.15, drift_ppm=100, seed=6)),
    ("-12 dB, 150 ms, after 20 s", lambda: EchoPath(gain_db=-12, delay_s=0.15, begins_s=20.0, seed=7)),
    ("-12 dB, the delay jumps", lambda: EchoPath(gain_db=-12, delay_s=0.15, jumps_s=0.04, seed=8)),
)


class RoomCases:
    """Runs the cases with one set of parts, and prints a line for each."""

    def __init__(self, parts: Parts) -> None:
        self._parts = replace(parts, new_engine=lambda: ScriptedEngine(LINES))

    async def _call(
        self, microphone: Samples, path: EchoPath | None = None, *, asks_again: bool = False
    ) -> RoomCallOutcome:
        return await RoomCall(self._parts, path).run(microphone, asks_again=asks_again)

    async def echo(self, length_s: float) -> dict[str, float]:
        """Our own voice comes back and nobody else speaks: how often it interrupts or answers itself."""
        interruptions = answers = 0
        for name, path in ECHOES:
            outcome = await self._call(quiet(length_s / len(ECHOES)), path(), asks_again=True)
            interruptions, answers = interruptions + outcome.cut, answers + len(outcome.spoken)
            print(
                f"echo {name:28} {outcome.cut} self-interruptions, {len(outcome.spoken)} self-answers of "
                f"{len(outcome.replies)} replies {[each.text for each in outcome.spoken][:3]}"
            )
        return {"self_interruptions": interruptions, "self_answers": answers}

    async def interruptions_over_echo(self) -> dict[str, float]:
        """Somebody speaks over our voice while it echoes."""
        tried = worked = 0
        for number, (name, path) in enumerate(ECHOES):
            words = said(INTERRUPTIONS[number % len(INTERRUPTIONS)])
            outcome = await self._call(over(quiet(12.0), (5.0, words)), path(), asks_again=True)
            tried, worked = tried + 1, worked + bool(outcome.cut)
            print(
                f"over echo {name:23} {'interrupted' if outcome.cut else 'not interrupted'} "
                f"{[each.text for each in outcome.spoken]}"
            )
        return {"interruptions_over_echo": worked / tried}

    async def noise_alone(self, length_s: float) -> dict[str, float]:
        """Somebody asks one question; then noise, voices and music go on, and nobody speaks to us."""
        turns = 0
        cases = list(backgrounds(length_s / 8))
        for name, sound in cases:
            for snr_db in (20.0, 5.0):
                noise = at_level(sound, TALKER_DBFS - snr_db)
                noise[: seconds(5.0)] = 0
                outcome = await self._call(over(over_quiet(noise), (1.0, said(QUESTIONS[0]))))
                phantoms = [each.text for each in outcome.spoken[1:]]
                turns += len(phantoms)
                print(f"alone: {name}, {snr_db:.0f} dB below speech: {len(phantoms)} phantom turns {phantoms[:3]}")
        return {"phantom_turns": turns}

    async def ends_in_noise(self, snr_db: float = 10.0) -> dict[str, float]:
        """Questions in noise: the time from the last sample of speech to the decision that the turn has ended."""
        delays: list[float] = []
        missed = 0
        for name, sound in backgrounds(8.0 * len(QUESTIONS) + 6):
            noise = over_quiet(at_level(sound, TALKER_DBFS - snr_db))
            asked = [(6.0 + 8.0 * number, said(question)) for number, question in enumerate(QUESTIONS)]
            outcome = await self._call(over(noise, *asked))
            found = list(end_delays(outcome, asked))
            missed += sum(delay is None for delay in found)
            good = [delay for delay in found if delay is not None]
            delays += good
            print(
                f"ends at {snr_db:.0f} dB, {name:12} {[round(1000 * delay) for delay in good]} ms, "
                f"{len(asked) - len(good)} not found; {[each.text for each in outcome.spoken]}"
            )
        p95 = percentile(delays, 0.95) if delays else float("nan")
        return {"noise_end_ms_p95": round(1000 * p95), "noise_end_missed": missed}

    async def blips(self) -> dict[str, float]:
        """Short sounds that are not words, in silence and over our voice."""
        sounds = [
            ("tone", blip()),
            ("scrap of voice", clipped_vowel()),
            ("cough", cough()),
            ("door", door()),
            ("cough 2", cough(3)),
            ("scrap 2", clipped_vowel(0.06, "en-us+f3")),
        ]
        answered = cut = 0
        for name, sound in sounds:
            outcome = await self._call(over(quiet(16.0), *((at, sound) for at in (2.0, 6.0, 10.0))))
            talking = await self._call(over(quiet(9.0), (4.0, sound), (6.0, sound)), asks_again=True)
            answered, cut = answered + len(outcome.spoken) + len(talking.spoken), cut + talking.cut
            print(
                f"blip {name:16} in silence: {len(outcome.spoken)} answered of 3; over our voice: {talking.cut} cut, "
                f"{len(talking.spoken)} answered of 2 {[e.text for e in (*outcome.spoken, *talking.spoken)]}"
            )
        return {"blips_answered": answered, "blips_cut": cut}


def over_quiet(sound: Samples) -> Samples:
    mixed: Samples = sound + quiet(len(sound) / HEARING_RATE_HZ)[: len(sound)]
    return mixed


def backgrounds(length_s: float) -> Iterator[tuple[str, Samples]]:
    yield "pink noise", pink_noise(length_s)
    yield "babble", babble(BACKGROUND, VOICES, length_s)
    yield "music", music(length_s)
    yield "television", television(BACKGROUND, VOICES[1], length_s)


def end_delays(outcome: RoomCallOutcome, asked: list[tuple[float, Samples]]) -> Iterator[float | None]:
    """Seconds from each question's last loud sample to the end of its turn; None where there was none within 4 s."""
    for at, words in asked:
        loud = np.flatnonzero(np.abs(words) > 0.02 * np.abs(words).max())
        ended = at + (int(loud[-1]) + 1) / HEARING_RATE_HZ
        decided = [
            when
            for (_, before), (when, state) in zip(outcome.states, outcome.states[1:], strict=False)
            if before is State.HEARING and state is State.THINKING and when > at + 0.3
        ]
        first = min((when for when in decided if when > ended - 0.1), default=None)
        yield first - ended if first is not None and first < ended + 4.0 else None


async def measure(parts: Parts, minutes: float, only: str | None) -> dict[str, float]:
    room = RoomCases(parts)
    cases = {
        "echo": lambda: room.echo(60 * minutes),
        "interruptions": room.interruptions_over_echo,
        "alone": lambda: room.noise_alone(60 * minutes),
        "ends": room.ends_in_noise,
        "blips": room.blips,
    }
    figures: dict[str, float] = {}
    for name, case in cases.items():
        if only in (None, name):
            figures |= await case()
    return figures


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="of echo, and of noise alone (default: 10)")
    parser.add_argument("--only", choices=("echo", "interruptions", "alone", "ends", "blips"), help="one of the cases")
    options = parser.parse_args()
    parts = asyncio.run(open_parts(SETUP, WeightStore(home())))
    try:
        report(run_in_virtual_time(measure(parts, options.minutes, options.only)), options.json)
    finally:
        parts.close()


if __name__ == "__main__":
    main()
