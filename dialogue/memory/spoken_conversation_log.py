"""Writes the event log of an engine with audio input, whose model has sound where the log needs words.

Typed text and replies come as words. Speech is transcribed later (`TranscriptBlock`) and gets a line of its own; when
the sound leaves the model's context, the line about that repeats the words. Follows the engine: rewound typing and
replies are removed; speech stays, since it was said.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dialogue.blocks import ReplyBlock, TextBlock, TranscriptBlock
from dialogue.llm.rolling_ledger import LedgerEntry
from dialogue.memory.conversation_log import ConversationLog, line_about
from dialogue.memory.event_log import EventLog
from dialogue.text.questions import is_question

WORDS_KEPT = 256  # utterances whose sound may still be in the context


@dataclass(frozen=True, slots=True)
class _Transcript:
    """The transcript from `start` to `end`, and its line."""

    start: float
    end: float
    text: str
    line: int


class SpokenConversationLog:
    """One per session. `position` counts the turns that may be rewound."""

    def __init__(self) -> None:
        self.log = EventLog()
        self.position = 0
        self._conversation_log = ConversationLog(self.log)
        self._transcripts: deque[_Transcript] = deque(maxlen=WORDS_KEPT)

    def typed(self, block: TextBlock) -> None:
        """The user typed something, in a turn that is not over."""
        self._conversation_log.heard(block, self.position)
        self.position += 1

    def transcribed(self, block: TranscriptBlock) -> None:
        """Adds a transcript. It replaces one that began at the same time; an empty one only removes that."""
        for transcript in [transcript for transcript in self._transcripts if transcript.start == block.start]:
            self._transcripts.remove(transcript)
            self.log.remove(transcript.line)
        if block.text.strip():
            line = self.log.add("asked" if is_question(block.text) else "told", block.text, block.start, block.end)
            self._transcripts.append(_Transcript(block.start, block.end, block.text, line))

    def spoke(self, block: ReplyBlock) -> None:
        """The user heard a reply. Its turn is closed: nothing before it can be rewound."""
        self._conversation_log.spoke(block, self.position)
        self.position += 1
        self._conversation_log.left((), self.position)

    def rewind(self, position: int) -> None:
        """Removes what was typed and said since `position`."""
        self._conversation_log.rewind(position)

    def left(self, entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
        """Adds a line for each entry with a note that left the model's context; frames have none. Returns those
        entries, with sound replaced by its transcript."""
        worded = tuple(self._worded(entry) for entry in entries if entry.note)
        self._conversation_log.left(worded, 0)
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
        known = [
            transcript
            for transcript in self._transcripts
            if transcript.start < entry.end and entry.start < transcript.end
        ]
        for transcript in known:
            self._transcripts.remove(transcript)
        return replace(entry, kind="text", note=" ".join(each.text for each in known)) if known else entry
