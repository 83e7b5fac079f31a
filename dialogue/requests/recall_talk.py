"""Answers from the log what was said, read or seen earlier, by words and by meaning. One per session."""

from __future__ import annotations

from dialogue.engine import Runner
from dialogue.languages.language import Language
from dialogue.languages.past import past_answer
from dialogue.memory.sentence_embedding import SentenceEmbedder
from dialogue.memory.timeline import Entry
from dialogue.memory.timeline_log import TimelineLog
from dialogue.requests.memory_talk import MemoryTalk
from dialogue.rules.question_kinds import SceneQuestion
from dialogue.rules.recall.recall_answers import INDEXED, NOTHING, asks_for_words, recall
from dialogue.rules.recall.recall_questions import recall_question
from dialogue.rules.rule_answer import RuleAnswer

# Lines of the log that are embedded in one step: a long text must not delay an answer.
INDEX_BATCH = 16


class RecallTalk:
    """`embedder` compares meanings; without it words alone count."""

    def __init__(self, log: TimelineLog, run: Runner, embedder: SentenceEmbedder | None, memory: MemoryTalk) -> None:
        self._log, self._run, self._embedder, self._memory = log, run, embedder, memory

    async def answer(self, asked: Entry, scene: SceneQuestion | None) -> RuleAnswer | None:
        """What was said or read earlier, if that is asked for; None where the scene or the model should answer."""
        question = recall_question(asked.text)
        if question is None or not asks_for_words(question, scene):
            return None
        meaning = (await self._run(self._embedder.embed, [asked.text]))[0] if self._embedder else None
        # A full log takes a tenth of a second to search: not on the event loop.
        known = await self._run(recall, question, self._log.log, asked.span[1], meaning, self._log.last_line)
        if known is not None:
            self._memory.recalled(known)
        return RuleAnswer(NOTHING[question.whose]) if known is None and question.sure and scene is None else known

    async def answer_in(self, lang: Language, asked: Entry) -> RuleAnswer | None:
        """The same in a language other than English, and what was seen earlier."""
        log = self._log
        known = await self._run(past_answer, asked.text, lang, log.log, log.scenes, asked.span[1], log.last_line)
        if known is not None:
            self._memory.recalled(known)
        return known

    async def index(self) -> None:
        """Embeds new lines of the log."""
        if self._embedder is not None and (new := self._log.log.unindexed(*INDEXED, most=INDEX_BATCH)):
            self._log.log.index(new, await self._run(self._embedder.embed, [event.text for event in new]))
