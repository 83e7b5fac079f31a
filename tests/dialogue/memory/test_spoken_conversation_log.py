"""The log of an engine with audio input: transcripts come late, replies are as heard, evicted sound keeps its words."""

from __future__ import annotations

import pytest

from dialogue.blocks import ReplyBlock, TextBlock, TranscriptBlock
from dialogue.llm.rolling_ledger import Kind, LedgerEntry
from dialogue.memory.spoken_conversation_log import SpokenConversationLog


def entry(kind: Kind, start: float, end: float, note: str) -> LedgerEntry:
    return LedgerEntry(kind, 30, start, end, 0, note=note)


def left(conversation_log: SpokenConversationLog) -> list[tuple[float, float, str]]:
    return [(event.at, event.until, event.text) for event in conversation_log.log.events("left")]


def test_speech_is_logged_as_statement_or_question_at_its_time() -> None:
    conversation_log = SpokenConversationLog()
    conversation_log.add(TranscriptBlock("My dog is called Rex.", 2.0, 4.5))
    conversation_log.add(TranscriptBlock("What is the time?", 9.0, 10.0))
    events = conversation_log.log.events("told", "asked")
    assert [(event.kind, event.text, event.at, event.until) for event in events] == [
        ("told", "My dog is called Rex.", 2.0, 4.5),
        ("asked", "What is the time?", 9.0, 10.0),
    ]


@pytest.mark.parametrize(("second", "kept"), [("My dog is called Rex.", ["My dog is called Rex."]), ("", [])])
def test_a_continued_turn_replaces_its_transcript(second: str, kept: list[str]) -> None:
    conversation_log = SpokenConversationLog()
    conversation_log.add(TranscriptBlock("My dog", 2.0, 3.0))
    conversation_log.add(TranscriptBlock(second, 2.0, 4.5))
    assert [event.text for event in conversation_log.log.events("told")] == kept
    conversation_log.left([entry("sound", 2.0, 3.0, "heard")])
    assert left(conversation_log) == [(2.0, 3.0, f"You: {kept[0]}" if kept else "Sound: heard")]


def test_evicted_sound_repeats_its_words_once() -> None:
    conversation_log = SpokenConversationLog()
    conversation_log.add(TranscriptBlock("My dog is called Rex.", 1.2, 3.1))
    conversation_log.left([entry("picture", 0.5, 0.5, "shown"), entry("text", 0.0, 0.0, "")])
    conversation_log.left([entry("sound", float(at), at + 1.0, "heard") for at in range(5)])
    assert left(conversation_log) == [
        (0.0, 1.0, "Sound: heard"),
        (0.5, 0.5, "Picture: shown"),
        (1.0, 2.0, "You: My dog is called Rex."),
        (2.0, 3.0, "Sound: heard"),
        (3.0, 4.0, "Sound: heard"),
        (4.0, 5.0, "Sound: heard"),
    ]


def test_an_evicted_second_is_logged_with_both_sides() -> None:
    conversation_log = SpokenConversationLog()
    conversation_log.add(TranscriptBlock("Hello there.", 3.2, 3.9))
    conversation_log.second_left(2.0, 3.0, "", "")
    conversation_log.second_left(3.0, 4.0, "", "Hi")
    conversation_log.second_left(4.0, 5.0, "Who?", " Anna")
    assert left(conversation_log) == [
        (2.0, 3.0, "Sound: heard"),
        (3.0, 4.0, "You: Hello there.; Assistant: Hi"),
        (4.0, 5.0, "You: Who?; Assistant: Anna"),
    ]


def test_typed_words_and_replies_are_rewound_and_spoken_ones_stay() -> None:
    conversation_log = SpokenConversationLog()
    conversation_log.add(TextBlock("First.", 0.0, 0.0, typed=True))
    conversation_log.add(ReplyBlock("One.", 0.0, 1.0))
    place = conversation_log.position
    conversation_log.add(TextBlock("Second.", 2.0, 2.0, typed=True))
    conversation_log.add(TranscriptBlock("Third.", 3.0, 4.0))
    conversation_log.rewind(place)
    conversation_log.rewind(0)
    assert [event.text for event in conversation_log.log.events("told", "said")] == ["First.", "One.", "Third."], (
        "what is before a reply that was heard cannot be rewound any more"
    )
