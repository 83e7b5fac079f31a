"""Rules answer what a small model would invent; the rest is left to the model. Also tests `small_talk_patterns.py`."""

from __future__ import annotations

from datetime import datetime

import pytest

from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.memory.history import History
from dialogue.rules.small_talk import small_talk, time_of


def clock() -> datetime:
    return datetime(2026, 11, 21, 15, 5)


def said(text: str, *before: str, seed: int = 0) -> str | None:
    turns = [
        ReplyBlock(words, number, number) if number % 2 else TextBlock(words, number, number)
        for number, words in enumerate(before)
    ]
    return small_talk(text, clock, History(tuple(turns)), seed)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Who are you?", "Omni"), ("what's your name", "Omni"), ("What can you do?", "camera"),
        ("Can you hear me?", "hear"),
        ("Goodbye", "Goodbye"), ("Thank you very much.", "welcome"), ("stop", "Okay"),
        ("Stop talking, please.", "Okay"),
        ("What time is it?", "three oh five in the afternoon"), ("okay what time is it now", "three oh five"),
        ("What day is it today?", "Saturday, November 21, 2026"), ("what's five plus three", "8"),
        ("How are you?", "well"),
        ("Hello!", "Hello"), ("What's the weather like today?", "internet"), ("will it rain tomorrow", "internet"),
        ("Tell me the latest news.", "internet"), ("What is my favourite food?", "haven't told me"),
        ("Are you a human?", "program"), ("When is my birthday?", "haven't told"), ("Play some music", "only see"),
        ("Who made you?", "omnilive"), ("My grandmother died last week", "sorry"), ("I want to kill myself", "trust"),
        ("Count to five.", "One, two, three, four, five."), ("My name is Anna.", "Anna"),
        ("hey omni, are you there?", "hear"),
    ],
)  # fmt: skip
def test_small_talk_is_answered_by_rule(text: str, part: str) -> None:
    answer = said(text)
    assert answer is not None
    assert part in answer


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of France?", "Tell me a joke.", "Who wrote Hamlet?", "Why is the sky blue?",
        "I like trains",
        "What do you think about dogs?", "How do I cook rice?", "What is a good name for a cat?", "Count to a million",
        "Stop the car and tell me why it makes that noise", "My mother is a doctor", "Give me some good advice",
        "What is time?",
        "Is there rain on Mars and why does nobody talk about how the planet lost its water so long ago",
        "What is your favourite colour?", "Do you play chess?", "", "...",
    ],
)  # fmt: skip
def test_other_turns_are_left_to_the_model(text: str) -> None:
    assert said(text) is None


def test_repeating_says_the_last_reply_again() -> None:
    assert said("Could you repeat that, please?", "Hi", "It is a cup.") == "I said: It is a cup."
    assert said("what did you say", "Hi", "It is a cup.") == "I said: It is a cup."
    assert said("Repeat that.") == "I haven't said anything yet."


def test_recap_and_what_the_user_said() -> None:
    talk = ("Is there a dog?", "No.", "And a cat?", "Yes, a black cat.")
    assert said("What did I say?", *talk) == "You said: And a cat?"
    assert said("what was my first question", *talk) == "The first thing I remember is: Is there a dog?"
    recap = said("What have we talked about?", *talk)
    assert recap == "Lately you said: Is there a dog; And a cat. I last said: Yes, a black cat."


def test_a_given_name_is_remembered() -> None:
    assert said("What is my name?", "Hello, my name is anna.", "Hi!") == "You told me that your name is Anna."
    assert said("What is my name?", "Hello", "Hi!") == "You haven't told me your name."


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [
        (0, 0, "It's twelve o'clock in the morning."), (12, 30, "It's twelve thirty in the afternoon."),
        (18, 7, "It's six oh seven in the evening."), (9, 45, "It's nine forty-five in the morning."),
    ],
)  # fmt: skip
def test_the_time_is_spoken(hour: int, minute: int, words: str) -> None:
    assert time_of(datetime(2026, 1, 1, hour, minute)) == words


def test_a_seed_varies_the_wording() -> None:
    assert len({said("Thank you", seed=seed) for seed in range(3)}) == 3


def test_a_pasted_page_is_not_repeated() -> None:
    answer = said("What did I say?", "word " * 5000, "Fine.")
    assert answer is not None
    assert answer.endswith("and so on")
    assert len(answer.split()) < 40


@pytest.mark.parametrize(
    ("text", "foreign"), [("你好，你叫什么名字？", True), ("Как дела?", True), ("Café au lait, voilà", False)]
)
def test_other_scripts_are_recognised(text: str, foreign: bool) -> None:
    assert (said(text) == "I'm sorry, I only understand English.") is foreign


def test_which_day_it_is_may_ask_for_the_day_that_is_written_in_view() -> None:
    def asked(text: str, *read: str) -> str | None:
        return small_talk(text, clock, History(()), texts=read)

    today = "Today is Saturday, November 21, 2026."
    assert asked("Which day is it?", "Ferry | 7\nDate | 2 June") == f"It says “Date 2 June”. {today}"
    assert asked("What day is it today?", "Date | 2 June") == today
    assert asked("Which day is it?", "Mon to Fri | 8:30 - 18:00") == today


def test_what_after_a_statement_asks_for_no_repetition() -> None:
    assert small_talk("Something is missing. What?", lambda: datetime(2026, 1, 1), History(())) is None
    assert small_talk("What?", lambda: datetime(2026, 1, 1), History(())) == "I haven't said anything yet."
