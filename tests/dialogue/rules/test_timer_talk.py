"""Timers by rule: what sets one, what asks about one, and what only sounds like it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from dialogue.blocks import TextBlock
from dialogue.engine import TextDelta
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm
from dialogue.errors import BadInput
from dialogue.rules.timer_talk import timer_answer
from dialogue.text.time_words import span
from dialogue.tools.toolbox import Reminder, TakesTools, Toolbox
from tests.dialogue.conftest import run_here


class SteppedReminders:
    """A book of reminders without a clock."""

    def __init__(self) -> None:
        self.time, self.all = 0.0, list[Reminder]()

    def now(self) -> float:
        return self.time

    def add(self, after_s: float, about: str, text: str) -> Reminder:
        if after_s > 24 * 3600:
            raise BadInput("a timer runs for a day at most")
        self.all.append(Reminder(len(self.all) + 1, self.time + after_s, about, text))
        return self.all[-1]

    def cancel(self, number: int) -> Reminder | None:
        found = next((each for each in self.all if each.number == number), None)
        self.all = [each for each in self.all if each is not found]
        return found

    def pending(self) -> tuple[Reminder, ...]:
        return tuple(sorted(self.all, key=lambda each: each.due))


@pytest.mark.parametrize(
    ("text", "after_s", "then"),
    [
        ("Set a timer for five minutes.", 300, "Your timer for five minutes is up."),
        ("Can you set a timer for 90 seconds, please?", 90, "Your timer for one minute and thirty seconds is up."),
        ("Hey, could you please start a ten minute timer?", 600, "Your timer for ten minutes is up."),
        ("Timer, five minutes.", 300, "Your timer for five minutes is up."),
        ("Set a 5-minute timer.", 300, "Your timer for five minutes is up."),
        ("Remind me in ten minutes to call Anna.", 600, "Here is your reminder: call Anna."),
        ("Please remind me to take my cake out in half an hour.", 1800, "Here is your reminder: take your cake out."),
        ("Remind me in two hours that I have a meeting.", 7200, "Here is your reminder: you have a meeting."),
        ("Tell me when three minutes are over.", 180, "Your timer for three minutes is up."),
        ("Wake me up in 20 minutes.", 1200, "Your timer for twenty minutes is up."),
        ("I'm making tea. Set a timer for four minutes.", 240, "Your timer for four minutes is up."),
    ],
)
def test_timers_are_set(text: str, after_s: float, then: str) -> None:
    book = SteppedReminders()
    answer = timer_answer(text, book)
    [set_up] = book.pending()
    assert (set_up.due, set_up.text) == (after_s, then)
    assert answer is not None and span(after_s) in answer


def test_the_remaining_time_and_cancelling() -> None:
    book = SteppedReminders()
    assert timer_answer("Cancel the timer.", book) == "No timer is running."
    assert timer_answer("How much time is left?", book) is None, "without a timer the question may be about anything"
    assert timer_answer("How long is left on the timer?", book) == "No timer is running."
    timer_answer("Set a timer for five minutes.", book)
    timer_answer("Remind me in two minutes to turn the steak.", book)
    book.time = 60.0
    assert timer_answer("How much time is left on the timer?", book) == (
        "The reminder “turn the steak” has one minute left and the timer for five minutes has four minutes left."
    )
    both = timer_answer("Stop the timer.", book)
    assert both is not None and "Which one" in both and len(book.pending()) == 2
    assert timer_answer("Cancel the steak reminder.", book) == "The reminder “turn the steak” is cancelled."
    assert timer_answer("Cancel the ten minute timer.", book) == (
        "I have no such timer. The timer for five minutes has four minutes left."
    )
    timer_answer("Set a timer for one minute.", book)
    assert timer_answer("Cancel all timers.", book) == (
        "The timer for one minute and the timer for five minutes are cancelled."
    )
    assert book.pending() == ()


def test_an_invalid_time_is_reported() -> None:
    answer = timer_answer("Set a timer for ninety hours.", SteppedReminders())
    assert answer == "I can't: a timer runs for a day at most."


@pytest.mark.parametrize(
    "text",
    [
        "What is a timer?",
        "I set a timer for five minutes yesterday and forgot it.",
        "Remind me of my childhood.",
        "Remind me what I said in ten minutes.",
        "Is there a timer on the table?",
        "The egg needs five minutes.",
        "How long is five minutes?",
        "Set a timer for the egg.",
        "I was there in ten minutes.",
        "What did I say five minutes ago?",
        "Stop.",
        "How many people are left?",
        "Call me Anna.",
        "Tell me about the last ten minutes.",
    ],
)
def test_similar_sentences_set_no_timer(text: str) -> None:
    book = SteppedReminders()
    assert timer_answer(text, book) is None
    assert book.pending() == ()


def test_the_small_engine_sets_timers_if_the_session_has_reminders(llm: LocalLlm) -> None:
    async def story(toolbox: Toolbox) -> str:
        engine = LocalChatEngine(llm, run_here, datetime.now)
        assert isinstance(engine, TakesTools)
        engine.equip(toolbox)
        await engine.feed(TextBlock("Set a timer for five minutes.", 0.0, 1.0))
        return "".join([delta.text async for delta in engine.reply() if isinstance(delta, TextDelta)])

    book = SteppedReminders()
    assert asyncio.run(story(Toolbox(reminders=book))) == "Your timer for five minutes is set."
    assert len(book.pending()) == 1
    assert "is set" not in asyncio.run(story(Toolbox()))


def test_no_question_about_a_scene_is_about_timers() -> None:
    table = (Path(__file__).parent / "questions.tsv").read_text(encoding="utf-8")
    texts = [line.split("\t")[-1] for line in table.splitlines() if line and not line.startswith("#")]
    book = SteppedReminders()
    assert len(texts) > 100
    taken = [text for text in texts if timer_answer(text, book) is not None]
    assert not taken
