"""Turns in the event log: rewound ones leave no line, evicted ones do."""

from __future__ import annotations

import pytest

from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.llm.rolling_ledger import Kind, LedgerEntry
from dialogue.memory.conversation_log import ConversationLog
from dialogue.memory.event_log import EventLog


def test_rewound_turns_leave_no_line() -> None:
    log = ConversationLog(EventLog())
    log.heard(TextBlock("My dog is", 0, 1), 0)
    log.rewind(0)
    log.heard(TextBlock("My dog is called Rex", 0, 2), 0)
    log.spoke(ReplyBlock("Nice name, I like", 2, 3), 1)
    log.spoke(ReplyBlock("Nice name", 2, 3, cut=True), 1)
    log.spoke(ReplyBlock("", 2, 3, cut=True), 2)
    assert [event.text for event in log.log.events("told", "said")] == [
        "My dog is called Rex",
        "Nice name",
    ]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("picture", "Picture: a red cup"), ("sound", "Sound: a red cup"), ("text", "You: a red cup"),
        ("reply", "Assistant: a red cup"),
    ],
)  # fmt: skip
def test_each_block_that_leaves_the_context_leaves_a_line_with_its_time(kind: Kind, line: str) -> None:
    log = ConversationLog(EventLog())
    log.left((LedgerEntry(kind, 9, 1, 2, 1, note="a red cup"),), 2)
    (event,) = log.log.events("left")
    assert (event.at, event.until, event.text) == (1, 2, line)
