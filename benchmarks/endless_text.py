"""Measures answers about texts of any length, beside the same model with as much of the text as its context holds.

Self-made texts of everyday sentences hide facts ("The silver compass was given to Edda Holm.") and chains of two facts
in different places at known depths. The same questions are asked of a text of 4,000 and of one of 400,000 tokens, and
of a conversation into which the user has pasted the long text, of which the context holds the end. A question counts if
the answer has the word that is asked for. A token is counted as four characters. The passages that bear on a question
are found by the index of the text, and the model reads those; with `--whole` it reads every part, which takes hours for
the long text on two cores.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import benchmark_parser, report
from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.engine import Engine, TextDelta
from dialogue.engines.entries import EMBEDDER
from dialogue.grammars.response_format import ResponseFormat, TakesResponseFormat
from dialogue.library.models import Embed
from dialogue.library.passage import Section
from dialogue.long_text.parts import parts_of
from dialogue.memory.sentence_embedding import SentenceEmbedder
from stream.long_text.excerpts import Excerpts
from stream.long_text.map_reduce import LongText, part_characters
from stream.long_text.reduction import LongAnswer, Reading, Reduction
from stream.long_text.text_index import TextIndex
from stream.models.default_llm import choice_of, with_chosen_llm
from stream.models.engine_alone import engine_alone
from stream.models.setup import SETUPS
from ui.host.home import weight_store

CHARACTERS_A_TOKEN = 4
LEFT_FREE = 400  # tokens of the context, for the instruction, the question and the answer
MESSAGE = 3_500  # characters
PLAIN = {"type": "object", "properties": {"answer": {"type": "string", "maxLength": 200}}, "required": ["answer"]}
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


Answer = Callable[[str], AsyncGenerator[Reading | LongAnswer, None]]


async def accuracy(name: str, answer_to: Answer, questions: Sequence[Hidden]) -> float:
    """The share of questions that are answered."""
    right = 0
    for each in questions:
        began, answer = time.perf_counter(), LongAnswer("")
        async for step in answer_to(each.question):
            answer = step if isinstance(step, LongAnswer) else answer
        is_right = each.expected.lower() in answer.text.lower()
        right += is_right
        seconds = time.perf_counter() - began
        print(f"{name}: {'' if is_right else 'WRONG '}{each.question} {answer.text} ({seconds:.0f} s)", flush=True)
    return right / len(questions)


async def accuracy_of_excerpts(
    name: str, reduction: Reduction, embed: Embed, text: list[Section], questions: Sequence[Hidden]
) -> float:
    """The share that is answered from the passages that bear on each question."""
    with TextIndex("chronicle", embed) as index:
        began = time.perf_counter()
        counts = [count async for count in index.fill(text)]
        print(f"{name}: {counts[-1]} passages indexed in {time.perf_counter() - began:.0f} s", flush=True)
        return await accuracy(name, Excerpts(reduction, [index]).answer, questions)


class TruncatedContext:
    """A conversation in which the user pastes the end of the text, message by message, until the context is full."""

    def __init__(self, engine: Engine, text: list[Section]) -> None:
        self._engine, whole = engine, " ".join(section.text for section in text)
        end = whole[-(engine.context().limit - LEFT_FREE) * CHARACTERS_A_TOKEN :]
        self._messages = [end[start : start + MESSAGE] for start in range(0, len(end), MESSAGE)]

    async def paste(self) -> None:
        for message in self._messages:
            await self._engine.feed(TextBlock(message, 0.0, 0.0, typed=True))
            await self._engine.feed(ReplyBlock("I have read that part.", 0.0, 0.0))

    async def answer(self, question: str) -> AsyncGenerator[Reading | LongAnswer, None]:
        """The answer of the model, from what is in its context alone."""
        before, written = await self._engine.mark(), ""
        if isinstance(self._engine, TakesResponseFormat):  # so that no rule answers
            self._engine.answer_in(ResponseFormat.with_schema(PLAIN))
        await self._engine.feed(TextBlock(f"{question} Answer in a few words.", 0.0, 0.0, typed=True))
        async with aclosing(self._engine.reply()) as deltas:
            async for delta in deltas:
                written += delta.text if isinstance(delta, TextDelta) else ""
        await self._engine.rewind(before)
        yield LongAnswer(written)


async def measure(lengths: Sequence[int], count: int, whole: bool, llm: str, seed: int) -> dict[str, float]:
    store, chance = weight_store(), random.Random(seed)
    setup = with_chosen_llm(SETUPS["laptop"], choice_of(llm), store, 2e10, lambda: 1e10)
    embed = SentenceEmbedder(store.path(EMBEDDER)).embed
    questions = [hidden(number, chance) for number in range(count)]
    figures: dict[str, float] = {"questions": count, "longest_tokens": max(lengths)}
    async with engine_alone(setup, store) as new_engine:
        engine = new_engine()
        characters = part_characters(engine.context().limit)
        await engine.close()
        reduction = Reduction(new_engine, characters)
        for tokens in lengths:
            text, name = text_of(tokens, questions, seed), f"{tokens // 1000}k"
            if whole:
                reading = LongText(reduction, list(parts_of(text, characters)))
                figures[f"accuracy_{name}"] = await accuracy(name, reading.answer, questions)
            else:
                figures[f"accuracy_{name}"] = await accuracy_of_excerpts(name, reduction, embed, text, questions)
        truncated = TruncatedContext(new_engine(), text)
        await truncated.paste()
        figures[f"accuracy_truncated_{name}"] = await accuracy("truncated", truncated.answer, questions)
    return figures


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument(
        "--lengths", type=int, nargs="+", default=[4_000, 400_000], help="of the texts in tokens (default: 4000 400000)"
    )
    parser.add_argument("--questions", type=int, default=10, help="half of them are chains (default: 10)")
    parser.add_argument("--whole", action="store_true", help="the model reads all of each text, which takes hours")
    parser.add_argument("--llm", choices=("auto", "large"), default="large", help="default: large")
    parser.add_argument("--seed", type=int, default=1, help="of the texts (default: 1)")
    options = parser.parse_args()
    measured = measure(sorted(options.lengths), options.questions, options.whole, options.llm, options.seed)
    report(asyncio.run(measured), options.json)


if __name__ == "__main__":
    main()
