"""The one record: whatever happens, each derived view equals one made afresh from the entries that remain.

Also tests `context_window.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogue.blocks import (
    Block,
    Fact,
    PartialBlock,
    PictureBlock,
    ReplyBlock,
    SceneBlock,
    TextBlock,
    ToolBlock,
    TranscriptBlock,
)
from dialogue.memory.context_window import ContextWindow
from dialogue.memory.event_log import EventLog
from dialogue.memory.keyframes import Keyframe
from dialogue.memory.timeline import Entry, Timeline
from dialogue.memory.timeline_log import TimelineLog

RGB = np.zeros((2, 2, 3), np.uint8)
LIMIT, LOW = 120, 90


def cost(entry: Entry) -> int:
    """Tokens of an entry: a word each, and a frame."""
    return 2 + len(entry.text.split()) + 6 * isinstance(entry.content, PictureBlock)


@dataclass
class Followed:
    """A timeline with all that follows it."""

    timeline: Timeline = field(default_factory=Timeline)
    at: float = 0.0
    marks: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.log = TimelineLog(EventLog(), self.timeline)
        self.window = ContextWindow(self.timeline, cost)
        self.left: list[str] = []

    def do(self, act: str, words: str, number: int) -> None:
        self.at += 0.5
        match act:
            case "mark":
                self.marks.append(self.timeline.position)
            case "rewind" if self.marks:
                self.marks = self.marks[: number % len(self.marks) + 1]
                self.timeline.rewind(self.marks[-1])
            case "replying":
                self.timeline.replying(words)
            case "room":
                eviction = self.window.make_room(40, LIMIT, LOW, ())
                self.left += [entry.note for entry in eviction.dropped]
                self.log.left(eviction.dropped)
            case _ if (block := self.block(act, words, number)) is not None:
                self.timeline.add(block)
        self.log.follow()

    def block(self, act: str, words: str, number: int) -> Block | None:
        at = self.at
        facts = (Fact("object", words or "cup", count=number + 1, at=at), Fact("text", "", text=words * 9, at=at))
        blocks: dict[str, Callable[[], Block]] = {
            "text": lambda: TextBlock(words, at, at + 1),
            "partial": lambda: PartialBlock(words, at),
            "reply": lambda: ReplyBlock(words, at, at + 1, cut=number == 1),
            "scene": lambda: SceneBlock(facts, "", at, camera=number != 3),
            "picture": lambda: PictureBlock(RGB, at),
            "tool": lambda: ToolBlock(words, (words,), at),
            "transcript": lambda: TranscriptBlock(words, float(number), at + 1),
        }
        return blocks[act]() if act in blocks else None


ACTS = ("text", "partial", "reply", "replying", "scene", "picture", "tool", "transcript", "mark", "rewind", "room")
STEPS = st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(("", "one", "two three")), st.integers(0, 3)))


def lines(log: TimelineLog) -> list[tuple[str, str, float, float]]:
    """What was said, by the event log."""
    return sorted((event.kind, event.text, event.at, event.until) for event in log.log.events("told", "asked", "said"))


def views(timeline: Timeline) -> tuple[object, ...]:
    """What is derived from the entries alone."""
    log = TimelineLog(EventLog(), timeline)
    log.follow()
    asked = timeline.asked
    turns = [entry.turn for entry in timeline.entries]
    return timeline.history(), lines(log), turns, timeline.turn, asked and asked.content


def afresh(entries: Sequence[Entry]) -> Timeline:
    """A timeline to which only these were added."""
    timeline = Timeline()
    for entry in entries:
        if isinstance(entry.content, Keyframe):
            timeline._append(entry.content)
        elif entry.heard:
            timeline.add(entry.content)
        else:
            timeline.replying(entry.text)
    return timeline


@settings(deadline=None, max_examples=150)
@given(STEPS)
def test_each_view_equals_one_made_afresh(steps: list[tuple[str, str, int]]) -> None:
    followed = Followed()
    for step in steps:
        followed.do(*step)
    timeline = followed.timeline
    if not followed.window.left["picture"]:  # a picture that has left the context has left its turn
        assert views(timeline) == views(afresh(timeline.entries))
    assert lines(followed.log) == views(timeline)[1]
    assert followed.log.scenes.scene is timeline.scene
    in_log = [event.text.partition(": ")[2] for event in followed.log.log.events("left")]
    assert sorted(in_log) == sorted(filter(None, followed.left))


@settings(deadline=None, max_examples=150)
@given(STEPS)
def test_numbers_only_grow_and_a_rewind_leaves_nothing_said_behind_its_mark(steps: list[tuple[str, str, int]]) -> None:
    followed, newest = Followed(), -1
    for step in steps:
        before = {entry.number for entry in followed.timeline.entries}
        followed.do(*step)
        numbers = [entry.number for entry in followed.timeline.entries]
        assert numbers == sorted(set(numbers)) and all(n < followed.timeline.position for n in numbers)
        assert all(number > newest for number in set(numbers) - before)
        newest = max([newest, *numbers])
        if step[0] == "rewind" and followed.marks:
            behind = [entry for entry in followed.timeline.entries if entry.number >= followed.marks[-1]]
            assert all(isinstance(entry.content, Keyframe | TranscriptBlock) for entry in behind)
            assert followed.timeline.partial is None


@settings(deadline=None, max_examples=150)
@given(STEPS)
def test_the_window_stays_in_its_bounds_and_what_has_left_stays_out(steps: list[tuple[str, str, int]]) -> None:
    followed, out = Followed(), set[int]()
    window = followed.window
    for step in steps:
        before = {entry.number: entry for entry in window.entries}
        followed.do(*step)
        inside = {entry.number for entry in window.entries}
        assert not inside & out
        if step[0] == "room":
            gone = [entry for number, entry in before.items() if number not in inside]
            out |= {entry.number for entry in gone}
            loose = [
                e
                for e in window.entries
                if isinstance(e.content, PictureBlock) and e.turn < followed.timeline.open_turn
            ]
            assert not loose or not any(isinstance(entry.content, TextBlock) for entry in gone), "pictures leave first"
            assert sum(window.tokens(entry) for entry in window.entries) + 40 <= LIMIT
        assert sum(window.use((), LIMIT).tokens.values()) == sum(map(window.tokens, window.entries))


def test_perception_survives_a_rewind_and_what_was_said_does_not() -> None:
    timeline = Timeline()
    timeline.add(TextBlock("Hello", 0, 1))
    mark = timeline.position
    timeline.replying("Hi th")
    for at in (1.0, 2.0):
        timeline.add(SceneBlock((Fact("object", "cup", at=at),), "", at))
    timeline.add(PictureBlock(RGB, 2.0))
    timeline.rewind(mark)
    timeline.add(ReplyBlock("Hi", 1, 2, cut=True))
    assert [type(entry.content) for entry in timeline.entries] == [TextBlock, Keyframe, ReplyBlock]
    assert timeline.scene.facts[0].label == "cup"


@pytest.mark.parametrize("heard", ["Hi there.", "Hi", ""])
def test_a_reply_is_replaced_by_what_was_heard_of_it(heard: str) -> None:
    timeline = Timeline()
    timeline.add(TextBlock("Hello", 0, 1))
    for so_far in ("Hi", "Hi there."):
        timeline.replying(so_far)
        assert timeline.unheard is not None and timeline.unheard.text == so_far
        assert timeline.asked is None, "it is being answered"
    timeline.add(ReplyBlock(heard, 1, 2))
    assert [block.text for block in timeline.history().blocks] == ["Hello", *filter(None, [heard])]
    assert timeline.unheard is None


def test_the_words_so_far_are_joined_and_superseded() -> None:
    timeline = Timeline()
    timeline.add(PartialBlock("I have been thinking about the garden", 0.0))
    timeline.add(PartialBlock("… about the garden behind our house", 0.0))
    assert timeline.partial is not None
    assert timeline.partial.text == "I have been thinking about the garden behind our house"
    timeline.add(TextBlock("I have been thinking.", 0, 3))
    assert timeline.partial is None and timeline.turn == 1
