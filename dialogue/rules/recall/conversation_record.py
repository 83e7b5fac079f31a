"""What an engine with a context of its own remembers of one session: the timeline, and all that follows it.

The model answers from its context; a question about words that have left it is answered by rule, with their time. Runs
on the event loop, except the search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dialogue.blocks import Block, PictureBlock, SoundBlock
from dialogue.engine import Runner
from dialogue.llm.rolling_ledger import Eviction, LedgerEntry
from dialogue.memory.context_window import ContextWindow
from dialogue.memory.event_log import EventLog
from dialogue.memory.keyframes import Keyframe
from dialogue.memory.timeline import Entry, Timeline
from dialogue.memory.timeline_log import TimelineLog
from dialogue.rules.recall.recall_answers import recall_evicted
from dialogue.rules.recall.recall_questions import recall_question
from dialogue.rules.rule_answer import RuleAnswer


class ConversationRecord:
    """One per session. `cost` counts the tokens that an entry adds to the context."""

    def __init__(self, cost: Callable[[Entry], int]) -> None:
        self.timeline, self.log = Timeline(), EventLog()
        self.window = ContextWindow(self.timeline, cost)
        self.timeline_log = TimelineLog(self.log, self.timeline)

    def add(self, block: Block) -> None:
        """Takes what was said, seen or heard."""
        self.timeline.add(block)
        self.timeline_log.follow()

    def rewind(self, position: int) -> None:
        """Drops what was said behind a mark."""
        self.timeline.rewind(position)
        self.timeline_log.follow()

    def make_room(self, tokens: int, limit: int, low: int, standing: Sequence[LedgerEntry]) -> Eviction:
        """As `ContextWindow.make_room`; every evicted entry becomes a line of the log."""
        eviction = self.window.make_room(tokens, limit, low, standing)
        self.timeline_log.left(eviction.dropped)
        return eviction

    async def recalled(self, run: Runner | None = None) -> RuleAnswer | None:
        """The answer to the last words if they ask about words that have left the context."""
        asked = self.timeline.asked
        question = recall_question(asked.text) if asked is not None else None
        if asked is None or question is None:
            return None
        arguments = (question, self.log, asked.span[1], self.timeline_log.last_line, self._begins_at())
        return recall_evicted(*arguments) if run is None else await run(recall_evicted, *arguments)

    def close(self) -> None:
        self.log.close()

    def _begins_at(self) -> float:
        """Session time of the oldest words in the context."""
        perceived = Keyframe | PictureBlock | SoundBlock
        words = (entry for entry in self.window.entries if not isinstance(entry.content, perceived))
        return next((entry.span[0] for entry in words), 0.0)
