"""What is forgotten on request: exactly that, at once where it is little, after a question where it is much.

Also tests `dialogue/text/search_terms.py` and `memory_sentences.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dialogue.memory.event_log import EventLog
from dialogue.requests.memory_talk import MemoryAnswer, MemoryTalk
from dialogue.rules.recall.recall_answers import recall
from dialogue.rules.recall.recall_questions import recall_question

BEGAN = datetime(2026, 3, 2, 9, 0)


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    """Yesterday's call is over, today's has begun."""
    path = tmp_path / "memory.sqlite"
    yesterday = EventLog(path, began=BEGAN - timedelta(days=1) + timedelta(hours=8))
    yesterday.add("told", "My dog is called Rex.", 2400.0)
    yesterday.add("told", "The weather is nice.", 2410.0)
    yesterday.close()
    return EventLog(path, began=BEGAN)


def ask(talk: MemoryTalk, log: EventLog, text: str, last_reply: str = "", at: float = 100.0) -> MemoryAnswer | None:
    """Say it, have it forgotten where that is the answer."""
    line = log.add("told", text, at)
    request = talk.request(text, last_reply)
    if request is None:
        return None
    answer = talk.answer(request, last_reply, at, line)
    log.forget(answer.forget)
    return answer


def kept(log: EventLog) -> list[str]:
    return [event.text for event in log.all_events("told", "asked", "said")]


def test_what_it_knows_is_said_with_dates(log: EventLog) -> None:
    log.add("told", "I live in Leeds.", 30.0)
    answer = ask(MemoryTalk(log), log, "What do you know about me?")
    assert answer is not None
    assert answer.text == (
        "About a minute ago you told me: I live in Leeds. Yesterday at 17:40 you told me: My dog is called Rex."
    )
    assert not answer.forget


def test_the_last_turn_and_its_reply_are_forgotten(log: EventLog) -> None:
    log.add("told", "The sun is out.", 5.0)
    log.add("said", "Lovely.", 6.0)
    log.add("told", "My PIN is 4711.", 10.0)
    log.add("said", "Your PIN is 4711, noted.", 11.0)
    answer = ask(MemoryTalk(log), log, "Forget that.", "Your PIN is 4711, noted.")
    assert answer is not None and answer.text == "Done, that is forgotten."
    assert kept(log)[-2:] == ["The sun is out.", "Lovely."]


def test_forget_that_after_a_recalled_line_means_the_line(log: EventLog) -> None:
    talk, question = MemoryTalk(log), recall_question("What is my dog called?")
    log.add("asked", "What is my dog called?", 10.0)
    assert question is not None
    found = recall(question, log, 10.0)
    assert found is not None
    assert found.text == "Yesterday at 17:40 you told me: My dog is called Rex."
    talk.recalled(found)
    log.add("said", found.text, 12.0)
    ask(talk, log, "Forget that.", found.text)
    assert kept(log) == ["The weather is nice."]


def test_little_about_something_is_forgotten_at_once_with_the_request(log: EventLog) -> None:
    answer = ask(MemoryTalk(log), log, "Forget everything about my dog.")
    assert answer is not None and "dog" not in answer.text
    assert kept(log) == ["The weather is nice."]


def test_a_reply_is_forgotten_with_what_it_answered(log: EventLog) -> None:
    log.add("told", "My boat is called Wanda.", 5.0)
    log.add("said", "What a lovely name!", 6.0)
    log.add("told", "The sun is out.", 7.0)
    log.add("said", "Enjoy it.", 8.0)
    ask(MemoryTalk(log), log, "Forget everything about my boat.")
    assert kept(log)[-2:] == ["The sun is out.", "Enjoy it."]
    assert len(kept(log)) == 4


def test_much_is_forgotten_after_a_yes_alone(log: EventLog) -> None:
    talk = MemoryTalk(log)
    for number in range(5):
        log.add("told", f"My dog barked at {number} o'clock.", float(number))
    asked = ask(talk, log, "Forget everything about my dog.")
    assert asked is not None and asked.text == "I remember six things about that. Forget them all?"
    assert len(kept(log)) == 8
    no = ask(talk, log, "No.", asked.text)
    assert no is not None and no.text == "All right, I forget nothing."
    assert ask(talk, log, "Yes.", no.text) is None, "a yes answers the last question alone"
    again = ask(talk, log, "Forget everything about my dog.")
    assert again is not None
    ask(talk, log, "Yes, please.", again.text[:30])
    assert not any("dog" in text for text in kept(log))
    assert "The weather is nice." in kept(log)


def test_everything_is_forgotten_after_a_question(log: EventLog) -> None:
    talk = MemoryTalk(log)
    asked = ask(talk, log, "Forget everything you know about me.")
    assert asked is not None
    assert asked.text == "I remember calls since March 1, 2026. Shall I forget everything?"
    ask(talk, log, "Yes.", asked.text)
    assert kept(log) == []


def test_this_call_can_be_forgotten_alone(log: EventLog) -> None:
    talk = MemoryTalk(log)
    log.add("told", "I am in Leeds today.", 5.0)
    asked = ask(talk, log, "Forget this conversation.")
    assert asked is not None
    ask(talk, log, "Yes.", asked.text)
    assert kept(log) == ["My dog is called Rex.", "The weather is nice."]


def test_nothing_to_forget_is_said(log: EventLog) -> None:
    for text in ("Forget everything about my boat.", "Forget my car."):
        answer = ask(MemoryTalk(log), log, text)
        assert answer is not None and answer.text == "I remember nothing about that."
    assert len(kept(log)) == 2


def test_it_says_whether_calls_are_remembered(log: EventLog) -> None:
    for where, beginning in ((log, "Yes. What we say is kept"), (EventLog(), "No. I remember this call until it ends")):
        answer = ask(MemoryTalk(where), where, "Do you remember our calls?")
        assert answer is not None and answer.text.startswith(beginning)
