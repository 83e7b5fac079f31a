"""Measures answers about texts of any length, beside the same model with as much of the text as its context holds.

Self-made texts of everyday sentences hide facts ("The silver compass was given to Edda Holm.") and chains of two facts
in different places at known depths. The same questions are asked of a text of 4,000 and of one of 400,000 tokens, read
part by part, and of the long text cut to the end that fits the context. A question counts if the answer has the word
that is asked for. A token is counted as four characters.

Reading every part of the long text takes hours on two cores, so by default only the 24 parts with most words of the
question are read (`--parts 0` reads all).
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import benchmark_parser, report
from dialogue.engine import Engine
from dialogue.library.passage import Section
from dialogue.long_text.parts import parts_of
from stream.models.default_llm import choice_of, with_chosen_llm
from stream.models.engine_alone import engine_alone
from stream.models.setup import SETUPS
from stream.requests.long_text import LongAnswer, LongText, part_characters
from ui.host.home import weight_store

CHARACTERS_A_TOKEN = 4
THINGS = "compass violin lantern mirror kettle saddle telescope ledger necklace chessboard".split()  # noqa: SIM905
COLOURS = ("silver", "red", "wooden", "broken", "golden")
FIRST = ("Edda", "Jonas", "Mirela", "Tobias", "Ylva", "Casper", "Noor", "Henrik", "Livia", "Oskar")
LAST = ("Holm", "Brandt", "Stenberg", "Okafor", "Lund", "Amsel", "Moreau", "Quist", "Valo", "Tarn")
PLACES = ("Vardo", "Tannsee", "Porto", "Velden", "Irun", "Narvik", "Siena", "Lund", "Galway", "Kotor")
WHO = ("the miller", "a sailor", "the teacher", "an old woman", "the ferryman", "a student", "the baker", "a soldier")
WHERE = ("at home", "in a boat", "near the church", "behind the station", "in the market hall", "on the bridge")
DID = (
    *("walked along the river", "spoke about the weather", "bought a loaf of bread", "waited for the coach"),
    *("mended a fence", "sang a song about the sea", "counted the swallows", "looked for a lost glove"),
    *("lived on soup for a week", "gave a coin to the musicians", "wrote a long letter", "repaired a clock"),
)


@dataclass(frozen=True, slots=True)
class Hidden:
    """A question, the word that its answer has, and the sentences that hold it with their depths, 0 .. 1."""

    question: str
    expected: str
    facts: tuple[tuple[float, str], ...]


def hidden(number: int, chance: random.Random) -> Hidden:
    """Even numbers are single facts, odd ones chains of two."""
    thing = f"{COLOURS[number % len(COLOURS)]} {THINGS[number % len(THINGS)]}"
    name = f"{FIRST[number % len(FIRST)]} {LAST[(number * 3 + 1) % len(LAST)]}"
    place = PLACES[(number * 7 + 2) % len(PLACES)]
    given = (chance.random(), f"The {thing} was given to {name}.")
    if number % 2 == 0:
        return Hidden(f"To whom was the {thing} given?", name.rsplit(maxsplit=1)[-1], (given,))
    lives = (chance.random(), f"{name} has moved to the town of {place}.")
    return Hidden(f"In which town is the person to whom the {thing} was given?", place, (given, lives))


def text_of(tokens: int, questions: Sequence[Hidden], seed: int) -> list[Section]:
    """Chapters of everyday sentences, with the facts at their depths."""
    chance, sentences, length = random.Random(seed), list[str](), 0
    while length < tokens * CHARACTERS_A_TOKEN:
        deeds = chance.sample(DID, 2)
        sentences.append(f"{chance.choice(WHO).capitalize()} {deeds[0]} and {deeds[1]} {chance.choice(WHERE)}.")
        length += len(sentences[-1]) + 1
    facts = sorted((fact for each in questions for fact in each.facts), reverse=True)
    for depth, fact in facts:
        sentences.insert(round(depth * len(sentences)), fact)
    chapters = [sentences[first : first + 200] for first in range(0, len(sentences), 200)]
    return [Section(f"chapter {number}", " ".join(chapter)) for number, chapter in enumerate(chapters, 1)]


async def accuracy(
    name: str, new_engine: Callable[[], Engine], text: list[Section], questions: Sequence[Hidden], most: int | None
) -> float:
    """The share of questions that are answered from the text, read part by part."""
    engine = new_engine()
    characters = part_characters(engine.context().limit)
    await engine.close()
    reading = LongText(new_engine, list(parts_of(text, characters)), characters, most_parts=most)
    right = 0
    for each in questions:
        began, answer = time.perf_counter(), LongAnswer("")
        async for step in reading.answer(each.question):
            answer = step if isinstance(step, LongAnswer) else answer
        is_right = each.expected.lower() in answer.text.lower()
        right += is_right
        seconds = time.perf_counter() - began
        print(f"{name}: {'' if is_right else 'WRONG '}{each.question} {answer.text} ({seconds:.0f} s)", flush=True)
    return right / len(questions)


def cut_to_context(text: list[Section], characters: int) -> list[Section]:
    """The end of the text, as a context that rolls keeps it."""
    return [Section("", " ".join(section.text for section in text)[-characters:])]


async def measure(tokens: int, count: int, most: int | None, llm: str, seed: int) -> dict[str, float]:
    store, chance = weight_store(), random.Random(seed)
    setup = with_chosen_llm(SETUPS["laptop"], choice_of(llm), store, 2e10, lambda: 1e10)
    questions = [hidden(number, chance) for number in range(count)]
    short, long = text_of(4_000, questions, seed), text_of(tokens, questions, seed)
    figures: dict[str, float] = {"questions": count, "tokens": tokens, "parts_read": most or 0}
    async with engine_alone(setup, store) as new_engine:
        engine = new_engine()
        characters = part_characters(engine.context().limit)
        await engine.close()
        truncated = cut_to_context(long, characters)
        figures["accuracy_4k"] = await accuracy("4k", new_engine, short, questions, None)
        figures["accuracy_truncated_400k"] = await accuracy("truncated", new_engine, truncated, questions, None)
        figures["accuracy_400k"] = await accuracy("long", new_engine, long, questions, most)
    return figures


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--tokens", type=int, default=400_000, help="length of the long text (default: 400,000)")
    parser.add_argument("--questions", type=int, default=10, help="half of them are chains (default: 10)")
    parser.add_argument("--parts", type=int, default=24, help="parts of the long text to read; 0: all (default: 24)")
    parser.add_argument("--llm", choices=("auto", "large"), default="large", help="default: large")
    parser.add_argument("--seed", type=int, default=1, help="of the texts (default: 1)")
    options = parser.parse_args()
    most = options.parts or None
    report(asyncio.run(measure(options.tokens, options.questions, most, options.llm, options.seed)), options.json)


if __name__ == "__main__":
    main()
