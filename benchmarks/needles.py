"""Twenty facts from the first minute of a call, asked for in its fortieth, after much else was seen and said.

The real embedded engine with its real model, fed as a call feeds it: a scene every other second, a turn of the user
every twenty seconds, replies confirmed as heard; only the waiting is left out. Most replies in between are read out of
a table instead of being generated, which costs the context the same. A needle is answered when the reply
holds what was shown or said, and the time that has passed, and came from a rule: no token was generated for it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import add_json, report
from dialogue.blocks import Fact, ReplyBlock, SceneBlock, TextBlock
from dialogue.engine import Engine, TextDelta
from dialogue.engines.local_chat_model import open_local_chat
from dialogue.text.labels import LABELS
from stream.models.weights import WeightStore
from ui.host.home import home

ASKED_AT_S = 39 * 60.0
CONTEXT_TOKENS = 1024
GENERATED_EVERY = 12  # turns in between whose reply the model makes itself


@dataclass(frozen=True, slots=True)
class Needle:
    """`shown` is written on a sign, `thing` stands before the camera, `told` is what the user says: one of them."""

    question: str
    expected: str
    shown: str = ""
    thing: str = ""
    told: str = ""
    colour: str = ""
    place: str = ""


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
    Needle("What did I tell you about my sister?", "nurse in Leeds", told="My sister Ruth is a nurse in Leeds."),
    Needle("What was my dog's name?", "Biscuit", told="We have an old dog, he is called Biscuit."),
    Needle("Where did I put my keys?", "blue drawer", told="I put my keys into the blue drawer, don't let me forget."),
    Needle("What was the garage code?", "4711", told="The code for the garage is 4711."),
    Needle("What is my name?", "Anna", told="My name is Anna, by the way."),
    Needle("When did I say my train leaves?", "quarter past six", told="My train leaves at a quarter past six."),
    Needle("Do you remember my doctor's appointment?", "Thursday", told="I have to see my doctor on Thursday at four."),
    Needle("What's my favourite colour?", "turquoise", told="My favourite colour is turquoise."),
    Needle("Where did I say I met Tom?", "sailing school", told="I met Tom at the sailing school in Hull."),
)

SUBJECTS = ("weather", "garden", "kitchen", "music", "football", "lunch", "book", "film", "office", "coffee", "shoes")
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
WORDS = ("SALE", "OPEN", "CLOSED", "MENU", "SOUP", "BREAD", "TEA", "PUSH", "EXIT", "GATE", "TAXI", "BANK", "FRESH")


class Steps:
    """Runs the engine's steps at once and counts the tokens that the model generates."""

    def __init__(self) -> None:
        self.generated = 0

    async def __call__(self, step: Callable[..., Any], *args: Any) -> Any:
        self.generated += step.__name__ in ("choose", "advance")
        return step(*args)


async def ask(engine: Engine, question: str, at: float) -> tuple[str, float]:
    """The reply, and the milliseconds that it took."""
    began = time.perf_counter()
    await engine.feed(TextBlock(question, at, at + 2))
    said = "".join([delta.text async for delta in engine.reply() if isinstance(delta, TextDelta)])
    took = (time.perf_counter() - began) * 1000
    await engine.feed(ReplyBlock(said, at + 2, at + 5))
    return said, took


async def first_minute(engine: Engine) -> None:
    for second, needle in enumerate(NEEDLES):
        at = 2.0 + 2.5 * second
        if needle.told:
            await engine.feed(TextBlock(needle.told, at, at + 2))
            await engine.feed(ReplyBlock("Okay, thank you for telling me.", at + 2, at + 2.4))
            continue
        kind, label = ("text", "") if needle.shown else ("object", needle.thing)
        fact = Fact(kind, label, 1, needle.place, "", needle.colour, needle.shown, at, at + 2)  # type: ignore[arg-type]
        await engine.feed(SceneBlock((fact,), "", at + 2))


async def meanwhile(engine: Engine, steps: Steps, seed: int) -> None:
    """From the second minute to the fortieth: things, signs and talk, none of them what will be asked for."""
    chance = random.Random(seed)
    things = [label for label in LABELS if label not in {needle.thing for needle in NEEDLES}]
    facts: tuple[Fact, ...] = ()
    for number, at in enumerate(range(60, int(ASKED_AT_S), 2)):
        if number % 5 == 0:
            seen = tuple(Fact("object", label, since=at) for label in chance.sample(things, 3))
            facts = (*seen, Fact("text", "", text=" ".join(chance.sample(WORDS, 3)), since=at))
        now = tuple(Fact(f.kind, f.label, text=f.text, since=f.since, at=at) for f in facts)
        await engine.feed(SceneBlock(now, "", float(at)))
        if number % 10 == 0:
            turn, subject = number // 10, chance.choice(SUBJECTS)
            said = chance.choice(SAYINGS).format(subject)
            if turn % GENERATED_EVERY == 0:
                await ask(engine, said, at + 0.5)
            else:
                await engine.feed(TextBlock(said, at + 0.1, at + 1))
                await engine.feed(ReplyBlock(chance.choice(REPLIES).format(subject), at + 1, at + 1.9))


async def measure(seed: int) -> dict[str, float]:
    store, steps = WeightStore(home()), Steps()
    engine = open_local_chat(
        store.path("smollm2-135m-instruct"),
        steps,
        CONTEXT_TOKENS,
        lambda: datetime(2026, 11, 21, 15, 5),
        phrase_descriptions=False,
        embedder_folder=store.path("all-minilm-l6-v2"),
    )()
    await first_minute(engine)
    await meanwhile(engine, steps, seed)
    answered, times = 0, []
    for number, needle in enumerate(NEEDLES):
        before = steps.generated
        said, took = await ask(engine, needle.question, ASKED_AT_S + 3 * number)
        times.append(took)
        good = needle.expected in said and "minutes ago" in said and steps.generated == before
        answered += good
        print(f"{'' if good else 'MISSED':7}{needle.question}\n{'':7}{said}")
    result = {
        "needles": len(NEEDLES),
        "answered": answered,
        "recall_ms_median": round(statistics.median(times), 1),
        "dropped_turns": engine.context().dropped_blocks,
    }
    await engine.close()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="of what happens in between (default: 1)")
    add_json(parser)
    options = parser.parse_args()
    result = asyncio.run(measure(options.seed))
    report(result, options.json)


if __name__ == "__main__":
    main()
