"""A chat's history with its event log: every turn is a line of the log, and so is every evicted entry.

For engines whose model sees and reads the history itself. The model answers from its context; a question about text
that was evicted is answered by rule, with its time. Runs on the event loop, except the search.
"""

from __future__ import annotations

from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.engine import Runner
from dialogue.memory.conversation_log import ConversationLog
from dialogue.memory.event_log import EventLog
from dialogue.minicpm.chat.chat_history import TURN_OVERHEAD, ChatHistory, Shorten
from dialogue.rules.recall_answers import recall_evicted
from dialogue.rules.recall_questions import recall_question
from dialogue.rules.rule_answer import RuleAnswer

MAX_REPLY_TOKENS = 256


class ChatMemory:
    """The memory of one session. `history` is what the model reads; text and replies are entered here, so that history
    and log agree. `reply_tokens` is the limit of a reply. Raises BadInput if `limit` is too small.
    """

    def __init__(self, runner: Runner, limit: int, shorten: Shorten, instruction: str) -> None:
        self._run, self._shorten = runner, shorten
        self.reply_tokens = min(MAX_REPLY_TOKENS, limit // 8)
        self.history = ChatHistory(limit, shorten, instruction)
        self.log = EventLog()
        self._conversation_log = ConversationLog(self.log)

    def heard(self, block: TextBlock) -> None:
        """Add the user's text."""
        self.history.said(block)
        self._conversation_log.heard(block, self.history.position - 1)

    def spoke(self, block: ReplyBlock) -> None:
        """Add the part of the reply that the user heard."""
        self.history.replied(block)
        self._conversation_log.spoke(block, self.history.position - bool(block.text.strip()))

    def rewind(self, position: int) -> None:
        """Return to an earlier position of the history."""
        self.history.rewind(position)
        self._conversation_log.rewind(position)

    def make_room(self) -> None:
        """Make room for a reply. Every evicted entry becomes a line of the log."""
        self._conversation_log.left(self.history.make_room(self.reply_tokens + TURN_OVERHEAD), self.history.dropped)

    async def recalled(self) -> RuleAnswer | None:
        """The answer to the last text if it asks about text that was evicted from the context; the answer is then part
        of the history."""
        asked = self.history.last_words
        question = recall_question(asked.text) if asked is not None else None
        if asked is None or question is None:
            return None
        line, begins_at = self._conversation_log.last_line, self.history.begins_at
        known = await self._run(recall_evicted, question, self.log, asked.end, line, begins_at)
        if known is not None:
            self.history.replying(known.text, self._shorten(known.text, self.history.limit)[1])
        return known

    def close(self) -> None:
        self.log.close()
