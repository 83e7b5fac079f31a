"""A chat's history with what is remembered of it: every turn is a line of the event log, and so is what leaves.

For engines whose model reads the history itself and sees. What is still in its context is the model's to tell; what
was said so long ago that it has left is told by rule, with its time. Runs on the event loop, but for the search.
"""

from __future__ import annotations

from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.engine import Runner
from dialogue.memory.conversation_log import ConversationLog
from dialogue.memory.event_log import EventLog
from dialogue.minicpm.chat.chat_history import FRAME, ChatHistory, Shorten
from dialogue.rules.recall_answers import recall_left
from dialogue.rules.recall_questions import recall_question
from dialogue.rules.rule_answer import RuleAnswer

MOST_REPLY_TOKENS = 256


class ChatMemory:
    """One session's. `history` is what the model reads; words and replies go through here, so that both agree.

    `reply_tokens` is how long an answer may be. Raises BadInput where `limit` is too small.
    """

    def __init__(self, runner: Runner, limit: int, shorten: Shorten, instruction: str) -> None:
        self._run, self._shorten = runner, shorten
        self.reply_tokens = min(MOST_REPLY_TOKENS, limit // 8)
        self.history = ChatHistory(limit, shorten, instruction)
        self.log = EventLog()
        self._conversation_log = ConversationLog(self.log)

    def heard(self, block: TextBlock) -> None:
        """The user's words."""
        self.history.said(block)
        self._conversation_log.heard(block, self.history.position - 1)

    def spoke(self, block: ReplyBlock) -> None:
        """What the user heard of the reply."""
        self.history.replied(block)
        self._conversation_log.spoke(block, self.history.position - bool(block.text.strip()))

    def rewind(self, position: int) -> None:
        """Back to an earlier position of the history."""
        self.history.rewind(position)
        self._conversation_log.rewind(position)

    def make_room(self) -> None:
        """For an answer. What has to leave the context for it is a line each."""
        self._conversation_log.left(self.history.make_room(self.reply_tokens + FRAME), self.history.dropped)

    async def recalled(self) -> RuleAnswer | None:
        """The answer to the last words, where they ask for something said that has left the context; it is in the
        history then."""
        asked = self.history.last_words
        question = recall_question(asked.text) if asked is not None else None
        if asked is None or question is None:
            return None
        line, begins_at = self._conversation_log.last_line, self.history.begins_at
        known = await self._run(recall_left, question, self.log, asked.end, line, begins_at)
        if known is not None:
            self.history.replying(known.text, self._shorten(known.text, self.history.limit)[1])
        return known

    def close(self) -> None:
        self.log.close()
