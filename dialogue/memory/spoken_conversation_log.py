"""The event log of an engine that hears: its model knows sounds, the log wants words.

What was typed and what we said come as words. What was spoken is written down by somebody else, after the fact
(`TranscriptBlock`); it is a line of its own, and when the sound leaves the model's context the line about that tells
it again. Follows the engine: what is rewound was never typed or said; what somebody spoke, they spoke. Knows no model.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dialogue.blocks import ReplyBlock, TextBlock, TranscriptBlock
from dialogue.llm.rolling_ledger import LedgerEntry
from dialogue.memory.conversation_log import ConversationLog, line_about
from dialogue.memory.event_log import EventLog
from dialogue.rules.recall_questions import is_question

WORDS_KEPT = 256  # utterances whose sound may still be in the context


@dataclass(frozen=True, slots=True)
class _Written:
    """What was said from `start` to `end`, and its line."""

    start: float
    end: float
    text: str
    line: int


class SpokenConversationLog:
    """One session's. `position` counts what may be rewound."""

    def __init__(self) -> None:
        self.log = EventLog()
        self.position = 0
        self._conversation_log = ConversationLog(self.log)
        self._written: deque[_Written] = deque(maxlen=WORDS_KEPT)

    def typed(self, block: TextBlock) -> None:
        """The user's words came as words, of a turn that is not over."""
        self._conversation_log.heard(block, self.position)
        self.position += 1

    def transcribed(self, block: TranscriptBlock) -> None:
        """What was spoken, in words. Takes the place of one that began at the same time; empty, nothing was."""
        for written in [written for written in self._written if written.start == block.start]:
            self._written.remove(written)
            self.log.remove(written.line)
        if block.text.strip():
            line = self.log.add("asked" if is_question(block.text) else "told", block.text, block.start, block.end)
            self._written.append(_Written(block.start, block.end, block.text, line))

    def spoke(self, block: ReplyBlock) -> None:
        """The user heard our reply. Its turn is closed: nothing before it is rewound any more."""
        self._conversation_log.spoke(block, self.position)
        self.position += 1
        self._conversation_log.left((), self.position)

    def rewind(self, position: int) -> None:
        """What was typed and said since has not happened."""
        self._conversation_log.rewind(position)

    def left(self, entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
        """These are no longer in the model's context: a line for each that has a note; frames have none. Returns
        those, sound as the words that were spoken in it."""
        worded = tuple(self._worded(entry) for entry in entries if entry.note)
        self._conversation_log.left(worded, 0)
        return worded

    def second_left(self, start: float, end: float, typed: str, said: str) -> None:
        """A second with all that was in it is no longer in the model's context; `said` is what the model said."""
        heard = self._worded(LedgerEntry("sound", 0, start, end, 0, note="heard"))
        words = [
            LedgerEntry("text", 0, start, end, 0, note=typed),
            LedgerEntry("reply", 0, start, end, 0, note=said.strip()),
        ]
        told = [entry for entry in words if entry.note]
        if heard.kind == "text" or not told:
            told.insert(0, heard)
        self.log.add("left", "; ".join(map(line_about, told)), start, end)

    def close(self) -> None:
        self.log.close()

    def _worded(self, entry: LedgerEntry) -> LedgerEntry:
        """Sound as the words that were spoken in it. They are told once: by the first of the seconds they take."""
        if entry.kind != "sound":
            return entry
        known = [written for written in self._written if written.start < entry.end and entry.start < written.end]
        for written in known:
            self._written.remove(written)
        return replace(entry, kind="text", note=" ".join(each.text for each in known)) if known else entry
