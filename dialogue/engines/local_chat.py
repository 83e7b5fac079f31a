"""A turn-based engine for this machine: rules where answers must be exact, an LLM for free conversation.

Rules answer questions about the scene (from facts), sums, the clock and the past. The LLM is SmolLM2 or a chat model of
the user's (`chat_model.py`) in the native decoder; its context is prefilled as blocks arrive and rolls when it is full.
Sessions share the weights. Model steps go through the runner, one token or one prefill chunk each. Starts no task and
no thread and reads no clock of its own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from dialogue.blocks import Block, PartialBlock, PictureBlock, ReplyBlock, SoundBlock, SystemBlock
from dialogue.engine import Capabilities, ContextUse, Delta, Mark, Runner, TextDelta
from dialogue.engines.local_llm import LocalLlm
from dialogue.llm.generation_config import GenerationConfig
from dialogue.llm.token_context import PREFILL_CHUNK, TokenContext
from dialogue.memory.event_log import EventLog
from dialogue.memory.timeline import Entry, Timeline
from dialogue.memory.timeline_log import TimelineLog
from dialogue.prompts.chat_script import ChatScript
from dialogue.prompts.dialogue_style import Doubt
from dialogue.prompts.thought import THOUGHT_CLOSING
from dialogue.rules.absent_things import asked_thing
from dialogue.rules.description import describe, in_view
from dialogue.rules.memory_talk import MemoryTalk
from dialogue.rules.question_kinds import SceneQuestion
from dialogue.rules.recall_answers import INDEXED, NOTHING, asks_for_words, recall
from dialogue.rules.recall_questions import recall_question
from dialogue.rules.rule_answer import RuleAnswer
from dialogue.rules.scene_answers import answer
from dialogue.rules.scene_questions import scene_question
from dialogue.rules.scene_reference import refers_to_scene
from dialogue.rules.small_talk import Clock, small_talk
from dialogue.rules.timer_talk import timer_answer
from dialogue.text.spoken_text import repeats_itself, spoken_sentences
from dialogue.tools.toolbox import Reminders, Toolbox

# The repetition penalty covers the last replies too: else a bad one is repeated again and again.
PENALISED_REPLIES = 2
# A follow-up question is read with at most this many earlier turns of the user.
FOLLOW_UP_TURNS = 4
# Room for the tokens that a template puts around the next reply.
FRAME_TOKENS = 16
# Room kept free while the user speaks, so that nothing is evicted when the answer is due.
SPARE_TOKENS = 32
# Lines of the log that are embedded in one step: a long text must not delay an answer.
INDEX_BATCH = 16


class LocalChatEngine:
    """One session. `rewind` keeps the newest scene: what was detected stays known."""

    can = Capabilities(hears=False, sees=False, speaks=False)

    def __init__(self, llm: LocalLlm, runner: Runner, clock: Clock, log: EventLog | None = None) -> None:
        """`log` stores what was seen and said; by default in memory, as long as the session lives."""
        self._llm, self._run, self._clock = llm, runner, clock
        style = llm.style
        self._timeline = Timeline()
        self._script = ChatScript(
            llm.chat, style.persona, llm.limit, style.examples, self._timeline, quotes_text=style.quotes_text
        )
        self.remember(EventLog() if log is None else log)
        self._reminders: Reminders | None = None
        self._committed: Callable[[], Awaitable[None]] | None = None
        self._generation = GenerationConfig()
        self._context: TokenContext | None = None  # made by the first step: a cache is large
        self._followed = 0  # position of the timeline up to which it is prefilled

    def equip(self, toolbox: Toolbox) -> None:
        """Take the reminder book, for timers that are set by rule. The engine has the scene and the log anyway."""
        self._reminders, self._committed = toolbox.reminders, toolbox.committed

    def configure(self, generation: GenerationConfig) -> None:
        """Set the sampling and the longest reply. Raises BadInput for beam search, which this engine has not."""
        self._generation = generation.without_beams()

    def remember(self, log: EventLog) -> None:
        """Take the log of the session, before the first block."""
        self._log, self._memory_talk = log, MemoryTalk(log)
        self._timeline_log = TimelineLog(log, self._timeline)
        self._memory = self._timeline_log.scenes

    async def feed(self, block: Block) -> None:
        """Prefills what it can ahead of the question. Sound and pictures are ignored."""
        if isinstance(block, SystemBlock):
            self._script.instruct(block.text)
            await self._follow()
            return
        if isinstance(block, PictureBlock | SoundBlock):
            return
        self._timeline.add(block)
        self._timeline_log.follow()
        # A question is not prefilled yet: if a rule answers, the model's work would only delay it. For the same reason
        # a scene is left to `prefill_idle`.
        if isinstance(block, PartialBlock | ReplyBlock):
            await self._follow()
        if isinstance(block, ReplyBlock):
            await self._index_log()

    async def prefill_idle(self) -> bool:
        """One step of prefill ahead of the user's words, for what was seen. False where nothing is left to do."""
        if self._followed == self._timeline.position or self._timeline.asked is not None:
            return False
        context = await self._make_room()
        if await self._run(context.follow, self._script.wanted(), False):
            return True
        self._followed = self._timeline.position
        return False

    async def reply(self) -> AsyncGenerator[Delta, None]:
        """The answer to the last words; empty where nothing was said."""
        asked = self._timeline.asked
        if asked is None:
            return
        known = await self._answer_by_rule(asked)
        if known is not None:
            sentences = _sentences(known.text)
        else:
            history = self._timeline.history(before=asked.number)
            ruled = small_talk(asked.text, self._clock, history, asked.turn, self._llm.style.by_rule)
            sentences = self._generate(asked.text) if ruled is None else _sentences(ruled)
        said, recalled = "", known.at if known else None
        async with aclosing(sentences):  # closing the reply stops the model too
            async for text in sentences:
                said += text
                self._timeline.replying(said)
                yield TextDelta(text, recalled)
                recalled = None

    async def mark(self) -> Mark:
        return Mark(self._timeline.position)

    async def rewind(self, mark: Mark) -> None:
        """The cache follows lazily: the common prefix stays computed."""
        self._timeline.rewind(mark.position)
        self._timeline_log.follow()

    async def close(self) -> None:
        """Free the session's cache and log."""
        self._context = None
        self._log.close()

    def context(self) -> ContextUse:
        return self._script.use()

    def _scene_question(self) -> SceneQuestion | None:
        question: SceneQuestion | None = None
        for text in self._timeline.history().user_texts()[-FOLLOW_UP_TURNS:]:
            question = scene_question(text, question)
        return question if question is not None and self._is_by_rule(question) else None

    def _is_by_rule(self, question: SceneQuestion) -> bool:
        kinds = self._llm.style.scene_by_rule
        return kinds is None or question.kind in kinds

    async def _answer_by_rule(self, asked: Entry) -> RuleAnswer | None:
        """The answer from the timers, the log or the scene; None where only the model can answer."""
        if self._reminders is not None and (timed := timer_answer(asked.text, self._reminders)) is not None:
            return RuleAnswer(timed)
        if (known := await self._answer_about_memory(asked)) is not None:
            return known
        question = self._scene_question()
        known = await self._recall(asked, question)
        if known is None and question is None:
            question = self._about_absent_thing(asked)
        return await self._answer_about_scene(question, asked) if known is None and question is not None else known

    def _about_absent_thing(self, asked: Entry) -> SceneQuestion | None:
        """A question about a thing that is not in view, in any wording; what is in view the model talks about."""
        question = asked_thing(asked.text)
        if question is None or not self._is_by_rule(question):
            return None
        in_view = {fact.label for fact in self._memory.present("object")}
        return None if in_view & set(question.things[0].labels) else question

    async def _answer_about_memory(self, asked: Entry) -> RuleAnswer | None:
        """What a request to forget, or about the memory, gets; None for anything else."""
        last = self._timeline.history().last_reply()
        heard = last.text if last is not None else ""
        request = self._memory_talk.request(asked.text, heard)
        if request is None:
            return None
        own_line = self._timeline_log.last_line
        answer = await self._run(self._memory_talk.answer, request, heard, asked.span[1], own_line)
        if answer.forget:
            if self._committed is not None:
                await self._committed()  # it cannot be undone
            self._script.redact(await self._run(self._log.forget, answer.forget))
        return RuleAnswer(answer.text)

    async def _recall(self, asked: Entry, scene: SceneQuestion | None) -> RuleAnswer | None:
        """What was said or read earlier, if that is asked for; None where the scene or the model should answer."""
        question = recall_question(asked.text)
        if question is None or not asks_for_words(question, scene):
            return None
        embedder = self._llm.embedder
        meaning = (await self._run(embedder.embed, [asked.text]))[0] if embedder else None
        # A full log takes a tenth of a second to search: not on the event loop.
        known = await self._run(recall, question, self._log, asked.span[1], meaning, self._timeline_log.last_line)
        if known is not None:
            self._memory_talk.recalled(known)
        return RuleAnswer(NOTHING[question.whose]) if known is None and question.sure and scene is None else known

    async def _index_log(self) -> None:
        """Embed new lines of the log; now, because a reply has just ended and nothing is due."""
        if self._llm.embedder is not None and (new := self._log.unindexed(*INDEXED, most=INDEX_BATCH)):
            self._log.index(new, await self._run(self._llm.embedder.embed, [event.text for event in new]))

    async def _answer_about_scene(self, question: SceneQuestion, asked: Entry) -> RuleAnswer:
        if question.kind == "describe" and question.when == "now" and not question.place and self._llm.phrases:
            facts = in_view(self._memory)
            if facts and (phrasing := await self._llm.phrase(facts, self._run)):
                return RuleAnswer(describe(self._memory, seed=asked.turn, phrasing=phrasing))
        return answer(question, self._memory, asked.span[1], seed=asked.turn)

    async def _generate(self, asked: str) -> AsyncGenerator[str, None]:
        """The model's words as they are generated, one token a step."""
        llm, style = self._llm, self._llm.style
        sampling = self._generation.sampling_config(style.sampling)
        spoken = style.spoken(asked, llm.limit, self._generation.max_new_tokens)
        await self._follow(replying=True, most=spoken.most_tokens)
        context = self._context
        assert context is not None
        recent_replies = self._script.said_lately(PENALISED_REPLIES)
        ids: list[int] = []
        token = await self._run(context.choose, sampling, recent_replies)
        if style.doubt is not None and await self._doubts(context, asked, style.doubt):
            token = llm.chat.encode(style.doubt.word)[0]
        while not spoken.done:
            if token in llm.stop_ids:
                text = spoken.finish(llm.chat.text(ids))
            else:
                ids.append(token)
                text = spoken.push(llm.chat.text(ids), len(ids))
                if repeats_itself(ids):
                    spoken.done = True
            if text:
                yield text
            if not spoken.done and llm.chat.opens_thought(ids):
                await self._close_thought(context, ids)
                token = await self._run(context.choose, sampling, (*recent_replies, *ids))
            elif not spoken.done:
                token = await self._run(context.advance, token, sampling, (*recent_replies, *ids))

    async def _doubts(self, context: TokenContext, asked: str, doubt: Doubt) -> bool:
        """Whether to admit a doubt about what is in view."""
        seen = {fact.label for fact in self._memory.present("object")}
        if not self._memory.scene.camera or not refers_to_scene(asked, seen):
            return False
        likely = await self._run(context.probability, self._llm.chat.encode(doubt.word)[0])
        return bool(likely >= doubt.least)

    async def _close_thought(self, context: TokenContext, ids: list[int]) -> None:
        """End a thought that the model opens although it should answer at once. Appends the closing tokens to `ids`."""
        closing = self._llm.chat.encode(THOUGHT_CLOSING)
        wanted = [*context.ids, ids[-1], *closing]
        ids += closing
        while await self._run(context.follow, wanted, True):
            pass

    async def _follow(self, *, replying: bool = False, most: int = 0) -> None:
        """Bring the cache in line with the timeline, one chunk a step. `most` tokens of a reply must fit."""
        context = await self._make_room(replying=replying, most=most)
        wanted = self._script.wanted(replying=replying)
        while await self._run(context.follow, wanted, replying):
            pass
        self._followed = self._timeline.position

    async def _make_room(self, *, replying: bool = False, most: int = 0) -> TokenContext:
        """Evict what no longer fits, so that the rest and a reply do."""
        spare = 0 if replying else SPARE_TOKENS
        eviction = self._script.make_room(max(most, self._llm.style.hard_tokens) + FRAME_TOKENS + spare)
        self._timeline_log.left(eviction.dropped)
        if self._context is None:
            self._context = await self._run(self._llm.new_context)
        for start, end in eviction.cuts:
            await self._run(self._context.cut, start, end)
        if not replying:  # no answer is due
            await self._update_recap(self._context)
        return self._context

    async def _update_recap(self, context: TokenContext) -> None:
        """Write the recap again if turns have left; the tokens behind it are moved, not computed again."""
        renewal = self._script.recapitulate()
        if renewal is None or len(context.ids) < renewal.end:
            return
        await self._run(context.cut, renewal.start, renewal.end)
        for first in range(0, len(renewal.ids), PREFILL_CHUNK):
            await self._run(context.insert, renewal.start + first, renewal.ids[first : first + PREFILL_CHUNK])


async def _sentences(text: str) -> AsyncGenerator[str, None]:
    """A rule's answer sentence by sentence, so that TTS can begin with the first one."""
    for sentence in spoken_sentences(text):
        yield sentence
