"""Turns in the event log: rewound ones leave no line, evicted ones do."""

from __future__ import annotations

import pytest

from dialogue.blocks import Block, ReplyBlock, TextBlock, TranscriptBlock
from dialogue.llm.rolling_ledger import Kind, LedgerEntry
from dialogue.memory.event_log import EventLog
from dialogue.memory.timeline import KEPT, Timeline
from dialogue.memory.timeline_log import TimelineLog


def test_rewound_turns_leave_no_line() -> None:
    timeline = Timeline()
    log = TimelineLog(EventLog(), timeline)

    def take(*blocks: Block) -> None:
        for block in blocks:
            timeline.add(block)
            log.follow()

    take(TextBlock("My dog is", 0, 1))
    timeline.rewind(0)
    take(TextBlock("My dog is called Rex", 0, 2))
    asked = log.last_line
    reply = timeline.position
    take(ReplyBlock("Nice name, I like", 2, 3))
    timeline.rewind(reply)
    take(ReplyBlock("Nice name", 2, 3, cut=True), ReplyBlock("", 2, 3, cut=True))
    assert [event.text for event in log.log.events("told", "said")] == [
        "My dog is called Rex",
        "Nice name",
    ]
    assert asked is not None and log.last_line is not None and asked < log.last_line


def test_a_line_outlives_its_entry() -> None:
    timeline = Timeline()
    log = TimelineLog(EventLog(), timeline)
    for number in range(KEPT + 9):
        timeline.add(TextBlock(f"This is turn {number}.", number, number))
        log.follow()
    timeline.trim(timeline.position)
    log.follow()
    assert len(timeline.entries) == KEPT
    assert len(log.log.events("told")) == KEPT + 9


def test_a_transcript_stays_when_the_reply_is_taken_back() -> None:
    timeline = Timeline()
    log = TimelineLog(EventLog(), timeline)
    timeline.add(TranscriptBlock("Buy mil", 1, 2))
    timeline.replying("Which")
    log.follow()
    timeline.add(TranscriptBlock("Buy milk.", 1, 3))
    log.follow()
    timeline.rewind(0)
    log.follow()
    assert [(event.text, event.at, event.until) for event in log.log.events("told", "said")] == [("Buy milk.", 1, 3)]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("picture", "Picture: a red cup"), ("sound", "Sound: a red cup"), ("text", "You: a red cup"),
        ("reply", "Assistant: a red cup"), ("scene", "Scene: a red cup"),
    ],
)  # fmt: skip
def test_each_block_that_leaves_the_context_leaves_a_line_with_its_time(kind: Kind, line: str) -> None:
    log = TimelineLog(EventLog(), Timeline())
    log.left((LedgerEntry(kind, 9, 1, 2, 1, note="a red cup"), LedgerEntry(kind, 9, 1, 2, 1)))
    (event,) = log.log.events("left")
    assert (event.at, event.until, event.text) == (1, 2, line)
