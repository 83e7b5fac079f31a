"""The timeline and event log of an engine with audio input, whose model has sound where the log needs words.

Typed text and replies come as words. Speech is transcribed later (`TranscriptBlock`) and gets a line of its own; when
the sound leaves the model's context, the line about that repeats the words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dialogue.blocks import Block, ReplyBlock, TranscriptBlock
from dialogue.llm.rolling_ledger import LedgerEntry
from dialogue.memory.event_log import EventLog
from dialogue.memory.timeline import Content, Entry, Timeline
from dialogue.memory.timeline_log import TimelineLog, line_about


class SpokenConversationLog:
    """One per session."""

    def __init__(self) -> None:
        self.log, self.timeline = EventLog(), Timeline()
        self._timeline_log = TimelineLog(self.log, self.timeline)
        self._closed = 0  # position of the last reply that was heard
        self._repeated: set[Content] = set()  # transcripts that a line about their sound repeats

    @property
    def position(self) -> int:
        """A mark."""
        return self.timeline.position

    def add(self, block: Block) -> None:
        """Takes what was typed, transcribed or said. A reply closes its turn: nothing before it can be rewound."""
        self.timeline.add(block)
        self._timeline_log.follow()
        if isinstance(block, ReplyBlock):
            self._closed = self.timeline.position
            self.timeline.trim(self._closed)  # the context holds sound and tokens, and none of these
            self._repeated &= {entry.content for entry in self.timeline.entries if entry.text}

    def rewind(self, position: int) -> None:
        """Removes what was typed and said since `position`. Speech stays, since it was said."""
        self.timeline.rewind(max(position, self._closed))
        self._timeline_log.follow()

    def left(self, entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
        """Adds a line for each entry with a note that left the model's context; frames have none. Returns those
        entries, with sound replaced by its transcript."""
        worded = tuple(self._worded(entry) for entry in entries if entry.note)
        self._timeline_log.left(worded)
        return worded

    def second_left(self, start: float, end: float, typed: str, said: str) -> None:
        """Adds a line for a second that left the model's context; `said` is what the model said in it."""
        heard = self._worded(LedgerEntry("sound", 0, start, end, 0, note="heard"))
        words = [
            LedgerEntry("text", 0, start, end, 0, note=typed),
            LedgerEntry("reply", 0, start, end, 0, note=said.strip()),
        ]
        present = [entry for entry in words if entry.note]
        if heard.kind == "text" or not present:
            present.insert(0, heard)
        self.log.add("left", "; ".join(map(line_about, present)), start, end)

    def close(self) -> None:
        self.log.close()

    def _worded(self, entry: LedgerEntry) -> LedgerEntry:
        """Sound as its transcript, which is repeated once: by the first second it overlaps."""
        if entry.kind != "sound":
            return entry
        known = [each for each in self.timeline.entries if self._is_of(each, entry)]
        self._repeated |= {each.content for each in known}
        return replace(entry, kind="text", note=" ".join(each.text for each in known)) if known else entry

    def _is_of(self, transcript: Entry, sound: LedgerEntry) -> bool:
        """Whether this is a transcript of that sound which no line repeats yet."""
        if not isinstance(transcript.content, TranscriptBlock) or transcript.content in self._repeated:
            return False
        start, end = transcript.span
        return start < sound.end and sound.start < end
