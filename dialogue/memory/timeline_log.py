"""Writes one session's timeline into the event log: what each side said, as heard, and what was seen and read.

It holds the position up to which it has consumed the timeline, and the lines of entries that may still be rewound.
Sentence embeddings are added by engines that have an embedder.
"""

from __future__ import annotations

from collections.abc import Iterable

from dialogue.blocks import ReplyBlock, TextBlock, TranscriptBlock
from dialogue.llm.rolling_ledger import Kind, LedgerEntry
from dialogue.memory.event_log import EventLog
from dialogue.memory.scene_memory import SceneMemory
from dialogue.memory.timeline import Entry, Timeline
from dialogue.text.questions import is_question

_LONGEST_NOTE = 200
_WHOSE: dict[Kind, str] = {
    "system": "Instruction",
    "recap": "Recap",
    "scene": "Scene",
    "picture": "Picture",
    "sound": "Sound",
    "text": "You",
    "reply": "Assistant",
}


class TimelineLog:
    """The log of one timeline. `scenes` remembers what was seen, also in the log."""

    def __init__(self, log: EventLog, timeline: Timeline) -> None:
        self.log, self.scenes, self._timeline = log, SceneMemory(log), timeline
        self._position = 0
        self._lines: list[tuple[int, int]] = []  # (number of the entry, its line)

    def follow(self) -> None:
        """Takes in what is new, and removes the lines of what was rewound."""
        here = {entry.number for entry in self._timeline.entries}
        for number, line in self._lines:
            if number not in here and number >= self._timeline.first:
                self.log.remove(line)
        self._lines = [line for line in self._lines if line[0] in here]
        for entry in self._timeline.since(self._position):
            self._write(entry)
        self._position = self._timeline.position
        if self._timeline.scene is not self.scenes.scene:
            self.scenes.see(self._timeline.scene)

    @property
    def last_line(self) -> int | None:
        """The line of the newest turn."""
        return self._lines[-1][1] if self._lines else None

    def left(self, entries: Iterable[LedgerEntry]) -> None:
        """Adds a line for each block that left the model's context, if it has a note."""
        for entry in entries:
            if entry.note:
                self.log.add("left", line_about(entry), entry.start, entry.end)

    def _write(self, entry: Entry) -> None:
        match entry.content:
            case TextBlock(text, start, end) | TranscriptBlock(text, start, end):
                line = self.log.add("asked" if is_question(text) else "told", text, start, end)
            case ReplyBlock(text, start, end) if entry.heard:
                line = self.log.add("said", text, start, end)
            case _:
                return
        self._lines.append((entry.number, line))


def line_about(entry: LedgerEntry) -> str:
    """The speaker or source, and the text."""
    return f"{_WHOSE[entry.kind]}: {entry.note[:_LONGEST_NOTE]}"
