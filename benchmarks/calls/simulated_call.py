"""The parts of a simulated call: the real embedded engine without waiting, and random objects, signs and subjects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from random import Random

from dialogue.blocks import Fact
from dialogue.engine import Engine, Runner, TextDelta
from dialogue.engines.local_chat_model import open_local_chat
from stream.models.weights import WeightStore
from ui.host.home import home

CONTEXT_TOKENS = 1024
SUBJECTS = ("weather", "garden", "kitchen", "music", "football", "lunch", "book", "film", "office", "coffee", "shoes")
SIGN_WORDS = ("SALE", "OPEN", "CLOSED", "MENU", "SOUP", "BREAD", "TEA", "PUSH", "EXIT", "GATE", "TAXI", "BANK", "FRESH")


def engine_factory(runner: Runner) -> Callable[[], Engine]:
    """Sessions of the embedded engine with its real models, whose steps `runner` runs."""
    store = WeightStore(home())
    return open_local_chat(
        store.path("smollm2-135m-instruct"),
        runner,
        CONTEXT_TOKENS,
        lambda: datetime(2026, 11, 21, 15, 5),
        phrase_descriptions=False,
        embedder_folder=store.path("all-minilm-l6-v2"),
    )


def new_facts(chance: Random, labels: Sequence[str], at: float) -> tuple[Fact, ...]:
    """Three random objects and a sign of three random words, seen since `at`."""
    objects = tuple(Fact("object", label, since=at) for label in chance.sample(labels, 3))
    return (*objects, Fact("text", "", text=" ".join(chance.sample(SIGN_WORDS, 3)), since=at))


def seen_at(facts: Sequence[Fact], at: float) -> tuple[Fact, ...]:
    """The same facts, last seen at `at`."""
    return tuple(Fact(fact.kind, fact.label, text=fact.text, since=fact.since, at=at) for fact in facts)


async def reply_text(engine: Engine) -> str:
    """The whole reply of an engine."""
    return "".join([delta.text async for delta in engine.reply() if isinstance(delta, TextDelta)])
