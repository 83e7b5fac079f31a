"""Measures recall: asks in the fortieth minute of a call for twenty facts from its first minute.

The real embedded engine with its real model gets the input of a call without the waiting: a scene every two seconds,
a user turn every twenty seconds, replies confirmed as heard. Most replies in between come from a table instead of the
model, which takes the same space in the context. A needle counts as answered if the reply contains the fact and the
time that has passed, and comes from a rule: no token was generated for it.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialogue.blocks import FactKind, Place

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.calls.simulated_call import SUBJECTS, engine_factory, new_facts, reply_text, seen_at
from benchmarks.report import benchmark_parser, report
from dialogue.blocks import Fact, ReplyBlock, SceneBlock, TextBlock
from dialogue.engine import Engine
from dialogue.text.labels import LABELS

ASKED_AT_S = 39 * 60.0
GENERATED_EVERY = 12  # turns, of which the model answers one itself


@dataclass(frozen=True, slots=True)
class Needle:
    """One fact: the text of a sign (`shown`), an object in view (`thing`), or a sentence of the user (`said`)."""

    question: str
    expected: str
    shown: str = ""
    thing: str = ""
    said: str = ""
    colour: str = ""
    place: Place = ""


NEEDLES = (
    Needle("What did the sign say at the beginning?", "HARBOUR CAFE", shown="HARBOUR CAFE"),
    Needle("What did the parking sign say?", "20 MINUTES", shown="PARKING 20 MINUTES ONLY"),
    Needle("What did the sign about the lift say?", "OUT OF ORDER", shown="LIFT OUT OF ORDER"),
    Needle("When does the library open, according to the sign?", "NINE", shown="LIBRARY OPENS AT NINE"),
    Needle("Which platform was on the ticket?", "PLATFORM 7", shown="YORK PLATFORM 7 COACH B"),
    Needle("Did you see a note about the plumber?", "0113 496", shown="PLUMBER 0113 496 0042"),
    Needle("When did you last see the umbrella?", "umbrella", thing="umbrella", colour="blue"),
    Needle("What colour was the teddy bear?", "brown", thing="teddy bear", colour="brown"),
    Needle("Where was the suitcase?", "on the left", thing="suitcase", place="left"),
    Needle("Was there a dog?", "dog", thing="dog", place="right"),
    Needle("Who was in the room earlier?", "person", thing="person"),
    Needle("What did I tell you about my sister?", "nurse in Leeds", said="My sister Ruth is a nurse in Leeds."),
    Needle("What was my dog's name?", "Biscuit", said="We have an old dog, he is called Biscuit."),
    Needle("Where did I put my keys?", "blue drawer", said="I put my keys into the blue drawer, don't let me forget."),
    Needle("What was the garage code?", "4711", said="The code for the garage is 4711."),
    Needle("What is my name?", "Anna", said="My name is Anna, by the way."),
    Needle("When did I say my train leaves?", "quarter past six", said="My train leaves at a quarter past six."),
    Needle("Do you remember my doctor's appointment?", "Thursday", said="I have to see my doctor on Thursday at four."),
    Needle("What's my favourite colour?", "turquoise", said="My favourite colour is turquoise."),
    Needle("Where did I say I met Tom?", "sailing school", said="I met Tom at the sailing school in Hull."),
)

SAYINGS = (
    "I was thinking about the {} all morning.",
    "The {} was better last year, wasn't it?",
    "Can you tell me something about the {}?",
    "My brother talks about the {} too much.",
    "Yesterday the {} was a disaster, but now it is fine.",
    "What do you see?",
    "What does the sign say?",
    "Is there a cup?",
    "I don't know what to do with the {}.",
)
REPLIES = ("I see, tell me more about the {}.", "That sounds like a good {} to me.", "The {} can be like that, yes.")


class CountedSteps:
    """Runs the engine's steps at once and counts the tokens that the model generates."""

    def __init__(self) -> None:
        self.generated = 0

    async def __call__(self, step: Callable[..., Any], *args: Any) -> Any:
        self.generated += step.__name__ in ("choose", "advance")
        return step(*args)


async def ask(engine: Engine, question: str, at: float) -> tuple[str, float]:
    """Asks a question; returns the reply and the milliseconds that it took."""
    began = time.perf_counter()
    await engine.feed(TextBlock(question, at, at + 2))
    reply = await reply_text(engine)
    took = (time.perf_counter() - began) * 1000
    await engine.feed(ReplyBlock(reply, at + 2, at + 5))
    return reply, took


async def first_minute(engine: Engine) -> None:
    for second, needle in enumerate(NEEDLES):
        at = 2.0 + 2.5 * second
        if needle.said:
            await engine.feed(TextBlock(needle.said, at, at + 2))
            await engine.feed(ReplyBlock("Okay, thank you for telling me.", at + 2, at + 2.4))
            continue
        kind: FactKind = "text" if needle.shown else "object"
        label = "" if needle.shown else needle.thing
        fact = Fact(kind, label, 1, needle.place, "", needle.colour, needle.shown, at, at + 2)
        await engine.feed(SceneBlock((fact,), "", at + 2))


async def meanwhile(engine: Engine, steps: CountedSteps, seed: int) -> None:
    """From the second minute to the fortieth: objects, signs and turns that no question asks for."""
    chance = random.Random(seed)
    things = [label for label in LABELS if label not in {needle.thing for needle in NEEDLES}]
    facts: tuple[Fact, ...] = ()
    for number, at in enumerate(range(60, int(ASKED_AT_S), 2)):
        if number % 5 == 0:
            facts = new_facts(chance, things, at)
        await engine.feed(SceneBlock(seen_at(facts, at), "", float(at)))
        if number % 10 == 0:
            turn, subject = number // 10, chance.choice(SUBJECTS)
            said = chance.choice(SAYINGS).format(subject)
            if turn % GENERATED_EVERY == 0:
                await ask(engine, said, at + 0.5)
            else:
                await engine.feed(TextBlock(said, at + 0.1, at + 1))
                await engine.feed(ReplyBlock(chance.choice(REPLIES).format(subject), at + 1, at + 1.9))


async def measure(seed: int) -> dict[str, float]:
    steps = CountedSteps()
    engine = engine_factory(steps)()
    await first_minute(engine)
    await meanwhile(engine, steps, seed)
    answered, times = 0, []
    for number, needle in enumerate(NEEDLES):
        before = steps.generated
        reply, took = await ask(engine, needle.question, ASKED_AT_S + 3 * number)
        times.append(took)
        correct = needle.expected in reply and "minutes ago" in reply and steps.generated == before
        answered += correct
        print(f"{'' if correct else 'MISSED':7}{needle.question}\n{'':7}{reply}")
    result = {
        "needles": len(NEEDLES),
        "answered": answered,
        "recall_ms_median": round(statistics.median(times), 1),
        "dropped_turns": engine.context().dropped_blocks,
    }
    await engine.close()
    return result


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--seed", type=int, default=1, help="seed of the events in between (default: 1)")
    options = parser.parse_args()
    report(asyncio.run(measure(options.seed)), options.json)


if __name__ == "__main__":
    main()
