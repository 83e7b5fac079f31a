"""Writes one session's turns into the event log: what each side said, as heard, and what left the model's context.

Follows the engine: rewound turns are removed. `scene_memory` writes what is seen; sentence embeddings are added by
engines that have an embedder.
"""

from __future__ import annotations

from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.llm.rolling_ledger import Kind, LedgerEntry
from dialogue.memory.event_log import EventKind, EventLog
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


class ConversationLog:
    """`position` counts the conversation's turns, as the engine's marks do."""

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self._lines: list[tuple[int, int]] = []  # (position of the turn, its line) of turns that may be rewound

    def heard(self, block: TextBlock, position: int) -> None:
        """The user said something, as turn `position`."""
        kind: EventKind = "asked" if is_question(block.text) else "told"
        self._lines.append((position, self.log.add(kind, block.text, block.start, block.end)))

    @property
    def last_line(self) -> int | None:
        """The line of the newest turn."""
        return self._lines[-1][1] if self._lines else None

    def spoke(self, block: ReplyBlock, position: int) -> None:
        """The user heard a reply, as turn `position`. An empty one leaves no line."""
        self.rewind(position)
        if block.text.strip():
            self._lines.append((position, self.log.add("said", block.text, block.start, block.end)))

    def rewind(self, position: int) -> None:
        """Removes the turns from `position` on."""
        while self._lines and self._lines[-1][0] >= position:
            self.log.remove(self._lines.pop()[1])

    def left(self, entries: tuple[LedgerEntry, ...], position: int) -> None:
        """Adds a line for each block that left the model's context, which now begins at turn `position`."""
        for entry in entries:
            self.log.add("left", line_about(entry), entry.start, entry.end)
        self._lines = [line for line in self._lines if line[0] >= position]


def line_about(entry: LedgerEntry) -> str:
    """The speaker or source, and the text."""
    return f"{_WHOSE[entry.kind]}: {entry.note[:_LONGEST_NOTE]}"
