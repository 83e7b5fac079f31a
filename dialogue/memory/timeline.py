"""The one record of a conversation: what was said, seen, read and done, in order of time.

Entries are frozen and only appended. What is still changing is kept beside them until it is complete: the words of an
open turn, the scene, a reply that the user has not heard. Rewinding drops the entries behind a mark, except what was
perceived, which stays true. Prompt, history, event log and recap are derived from the entries; a consumer holds the
position up to which it has consumed them, and compares.

Times are seconds on the session clock. Bounded: `trim` lets old entries go once no context holds them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from dialogue.blocks import (
    Block,
    PartialBlock,
    PictureBlock,
    ReplyBlock,
    SceneBlock,
    ShownBlock,
    SoundBlock,
    TextBlock,
    ToolBlock,
    TranscriptBlock,
)
from dialogue.memory.history import History
from dialogue.memory.keyframes import Keyframe, Keyframes
from dialogue.text.partial_transcripts import joined

Content = TextBlock | TranscriptBlock | Keyframe | PictureBlock | SoundBlock | ReplyBlock | ToolBlock
EMPTY_SCENE = SceneBlock((), "", 0.0, camera=False)
REDACTED = "(forgotten)"
KEPT = 400  # entries that stay for the history although no context holds them


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One thing that happened. `number` counts the entries of the session, also those that were rewound; `turn` the
    user's turns, the first is 1. A reply is `heard` once a ReplyBlock reported what was played to the user."""

    number: int
    turn: int
    content: Content
    heard: bool = True

    @property
    def text(self) -> str:
        """The words, if it has any."""
        words = TextBlock | TranscriptBlock | ReplyBlock
        return self.content.text if isinstance(self.content, words) else ""

    @property
    def span(self) -> tuple[float, float]:
        """From when to when it happened."""
        match self.content:
            case TextBlock(_, start, end) | TranscriptBlock(_, start, end) | ReplyBlock(_, start, end):
                return start, end
            case SoundBlock(samples, start):
                return start, start + len(samples) / 16_000
            case Keyframe(at=at) | PictureBlock(at=at) | ToolBlock(at=at):
                return at, at


class Timeline:
    """One per session. Runs on one thread at a time."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self.position = 0  # the number of the next entry: a mark
        self.first = 0  # entries with lower numbers may have been let go
        self.partial: PartialBlock | None = None  # the words so far of a turn that is open
        self.scene = EMPTY_SCENE  # the newest
        self._keyframes = Keyframes()

    @property
    def entries(self) -> Sequence[Entry]:
        """Oldest first."""
        return self._entries

    def since(self, position: int) -> Iterator[Entry]:
        """The entries from `position` on."""
        return (entry for entry in self._entries if entry.number >= position)

    @property
    def turn(self) -> int:
        """The number of the user's newest turn."""
        return self._entries[-1].turn if self._entries else 0

    @property
    def open_turn(self) -> int:
        """The turn that an answer is being made or awaited for: that of the words so far, if there are any."""
        return self.turn + (self._is_worded() if self.partial is not None else 0)

    @property
    def unheard(self) -> Entry | None:
        """The reply so far that is not confirmed as heard, if nothing was said since."""
        last = self._last_act
        return last if last is not None and not last.heard else None

    @property
    def asked(self) -> Entry | None:
        """The user's last words, if they await an answer; functions may have been called for it."""
        acts = (entry for entry in self._acts() if not isinstance(entry.content, ToolBlock))
        last = next(acts, None)
        return last if last is not None and isinstance(last.content, TextBlock) else None

    @property
    def _last_act(self) -> Entry | None:
        return next(self._acts(), None)

    def _acts(self) -> Iterator[Entry]:
        """The newest first."""
        return (entry for entry in reversed(self._entries) if not _is_perceived(entry.content))

    def add(self, block: Block) -> None:
        """Takes a block. Empty words leave nothing; a ReplyBlock replaces the reply that is not confirmed as heard, a
        transcript the one that began at the same time."""
        match block:
            case PartialBlock(text, start) if text.strip():
                before = self.partial.text if self.partial is not None else ""
                self._see(self.scene, asked=self.partial is None)
                self.partial = PartialBlock(joined(before, text), start)
            case TextBlock(text) if text.strip():
                self._see(self.scene, asked=True)
                self.partial = None
                self._append(block)
            case SceneBlock():
                self.scene = block
                self._see(block)
            case ShownBlock(title, facts, at):
                self._append(Keyframe("shown", facts, at, title=title))
            case ReplyBlock():
                self._replace_unheard(block)
            case TranscriptBlock(text, start):
                self._entries = [entry for entry in self._entries if not _is_transcript_from(entry, start)]
                if text.strip():
                    self._append(block)
            case ToolBlock():
                # Words before the calls belong to the reply, which is set again after them.
                self._replace_unheard(ReplyBlock("", block.at, block.at))
                self._append(block)
            case PictureBlock() | SoundBlock():
                self._append(block)

    def replying(self, text: str) -> None:
        """Sets the reply so far, as if it were heard: stopping at any point leaves a consistent history."""
        last = self._last_act
        at = 0.0 if last is None else last.span[1] if last.heard else last.span[0]
        self._replace_unheard(ReplyBlock(text, at, at), heard=False)

    def rewind(self, position: int) -> None:
        """Drops what happened from `position` on. What was perceived is appended again."""
        assert 0 <= position <= self.position, f"cannot rewind from {self.position} to {position}"
        self.partial = None
        for content in self._cut(position):
            self._append(content)

    def redact(self, texts: Collection[str]) -> list[int]:
        """Replaces what was said with these words, which the user wants forgotten; returns the numbers of the
        entries."""
        numbers = []
        for place, entry in enumerate(self._entries):
            if isinstance(entry.content, TextBlock | TranscriptBlock | ReplyBlock) and entry.text in texts:
                self._entries[place] = replace(entry, content=replace(entry.content, text=REDACTED))
                numbers.append(entry.number)
        return numbers

    def history(self, before: int | None = None) -> History:
        """The turns of both sides as they were heard, those before the entry with this number."""
        until = self.position if before is None else before
        said = (entry for entry in self._entries if entry.number < until and entry.text.strip() not in ("", REDACTED))
        turns = (entry.content for entry in said)
        return History(tuple(turn for turn in turns if isinstance(turn, TextBlock | ReplyBlock)))

    def drop(self, numbers: set[int]) -> None:
        """Lets pictures and sound go that have left the context: they are large, and nothing else needs them."""
        self._entries = [
            entry
            for entry in self._entries
            if entry.number not in numbers or not isinstance(entry.content, PictureBlock | SoundBlock)
        ]

    def trim(self, first: int) -> None:
        """Lets old entries with lower numbers than `first` go, which no context holds; the newest KEPT of them stay."""
        old = sum(entry.number < first for entry in self._entries)
        if old > KEPT:
            del self._entries[: old - KEPT]
            self.first = self._entries[0].number if self._entries else self.position

    def _see(self, scene: SceneBlock, *, asked: bool = False) -> None:
        for keyframe in self._keyframes.see(scene, asked=asked):
            self._append(keyframe)

    def _append(self, content: Content, *, heard: bool = True) -> None:
        self._entries.append(Entry(self.position, self._turn_of(content), content, heard))
        self.position += 1

    def _cut(self, position: int) -> list[Content]:
        """Removes the entries from `position` on; returns what was perceived in them."""
        dropped = [entry for entry in self._entries if entry.number >= position]
        del self._entries[len(self._entries) - len(dropped) :]
        return [entry.content for entry in dropped if _is_perceived(entry.content)]

    def _replace_unheard(self, reply: ReplyBlock, *, heard: bool = True) -> None:
        """Puts a reply in the place of the one that was not heard. One of which nothing was heard only removes that."""
        perceived = self._cut(self.unheard.number) if self.unheard is not None else []
        if reply.text.strip() or not heard:
            self._append(reply, heard=heard)
        for content in perceived:
            self._append(content)

    def _turn_of(self, content: Content) -> int:
        """Words, pictures and sound open a turn if the last one has words; a keyframe, if the last one is answered."""
        match content:
            case TextBlock() | PictureBlock() | SoundBlock():
                return self.turn + self._is_worded()
            case Keyframe():
                return self.turn + self._is_answered()
            case _:
                return self.turn

    def _is_answered(self) -> bool:
        return self.turn == 0 or any(isinstance(entry.content, ReplyBlock) for entry in self._newest_turn())

    def _is_worded(self) -> bool:
        words = TextBlock | ReplyBlock
        return self.turn == 0 or any(isinstance(entry.content, words) for entry in self._newest_turn())

    def _newest_turn(self) -> Iterator[Entry]:
        for entry in reversed(self._entries):
            if entry.turn != self.turn:
                return
            yield entry


def _is_perceived(content: Content) -> bool:
    return isinstance(content, Keyframe | TranscriptBlock)


def _is_transcript_from(entry: Entry, start: float) -> bool:
    return isinstance(entry.content, TranscriptBlock) and entry.content.start == start
