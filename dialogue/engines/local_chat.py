"""A turn-based engine for this machine: rules where answers must be exact, an LLM for free conversation.

Rules answer questions about the scene (from facts), sums, the clock and the past. The LLM is SmolLM2 or a chat model of
the user's (`chat_model.py`) in the native decoder; its context is prefilled as blocks arrive and rolls when it is full.
Sessions share the weights. Model steps go through the runner, one token or one prefill chunk each. Starts no task and
no thread and reads no clock of its own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from dialogue.blocks import Block, PartialBlock, PictureBlock, ReplyBlock, SoundBlock, SystemBlock, TextBlock
from dialogue.engine import Capabilities, ConsentDelta, ContextUse, Delta, Mark, Runner, TextDelta
from dialogue.engines.grounding import Grounding
from dialogue.engines.local_context import LocalContext
from dialogue.engines.local_llm import LocalLlm
from dialogue.grammars.response_format import ResponseFormat
from dialogue.grammars.session_tools import GAVE_UP, SessionTools
from dialogue.languages.answers import ExactAnswers
from dialogue.languages.consent import declined
from dialogue.languages.detect import TurnLanguages
from dialogue.languages.language import ENGLISH, Language
from dialogue.library.answers import LibraryAnswer
from dialogue.llm.generation_config import GenerationConfig
from dialogue.llm.token_context import TokenContext
from dialogue.memory.event_log import EventLog
from dialogue.memory.timeline import Entry, Timeline
from dialogue.memory.timeline_log import TimelineLog
from dialogue.prompts.chat_script import ChatScript
from dialogue.prompts.prompt import explained
from dialogue.requests.library_talk import consult
from dialogue.requests.recall_talk import RecallTalk
from dialogue.requests.session_requests import SessionRequests
from dialogue.requests.unasked_text import unasked_words, without_unasked
from dialogue.rules.absent_things import asked_thing
from dialogue.rules.description import describe, in_view
from dialogue.rules.question_kinds import SceneQuestion
from dialogue.rules.rule_answer import RuleAnswer
from dialogue.rules.scene_answers import answer
from dialogue.rules.scene_questions import scene_question
from dialogue.rules.small_talk import Clock, small_talk
from dialogue.shown.sheet_answers import answer_from_sheet
from dialogue.text.spoken_text import spoken_one_by_one
from dialogue.tools.running_calls import MAX_ROUNDS
from dialogue.tools.toolbox import Toolbox

# A follow-up question is read with at most this many earlier turns of the user.
FOLLOW_UP_TURNS = 4
UNKNOWN = TextDelta("")  # where an answer comes from that nothing is known about


class LocalChatEngine:
    """One session. `rewind` keeps the newest scene: what was detected stays known."""

    def __init__(self, llm: LocalLlm, runner: Runner, clock: Clock, log: EventLog | None = None) -> None:
        """`log` stores what was seen and said; by default in memory, as long as the session lives."""
        self._llm, self._run, self._clock = llm, runner, clock
        self.can = Capabilities(hears=False, sees=False, speaks=False, tools=llm.call_format is not None)
        style = llm.style
        self._timeline = Timeline()
        self._script = ChatScript(
            llm.chat, style.persona, llm.limit, style.examples, self._timeline, reads_scene=style.reads_scene
        )
        self.remember(EventLog() if log is None else log)
        self._tools = SessionTools(
            self._timeline, llm.chat, llm.call_format, llm.vocabulary, llm.limit, llm.built_in_tools
        )
        self.called = self._tools.called
        self._response_format: ResponseFormat | None = None
        self._generation, self._languages = GenerationConfig(), TurnLanguages()
        self.translator = llm.translation(runner)
        self._context = LocalContext(llm, runner, self._script, self._tools)
        self.adapters = self._context.adapters
        self._grounding = Grounding(llm, runner, self._script, self._context)

    def equip(self, toolbox: Toolbox) -> None:
        """Take the services for what is requested by rule, and the tools, if the model calls functions."""
        self._requests.equip(toolbox)
        self._tools.equip(toolbox, self._log, self._run, self._question_end, lambda: self._timeline_log.last_line)
        if self._tools.tools:
            self._script.offer(self._tools.tools)
            self._context.followed = -1

    async def prepare(self) -> None:
        """Prefill the beginning of the prompt with the tools, for this and all later sessions."""
        if self._tools.tools:
            await self._run(self._llm.prepare, self._script.system)

    def answer_in(self, response_format: ResponseFormat) -> None:
        """Hold the replies to a form. Rules do not answer then."""
        self._response_format = response_format

    def configure(self, generation: GenerationConfig) -> None:
        """Set the sampling and the longest reply. Raises BadInput for beam search, which this engine has not."""
        self._generation = generation.without_beams()

    def remember(self, log: EventLog) -> None:
        """Take the log of the session, before the first block."""
        self._log, self._timeline_log = log, TimelineLog(log, self._timeline)
        self._memory = self._timeline_log.scenes
        self._requests = SessionRequests(self._timeline, self._timeline_log, self._run, self._script.redact)
        self._recall = RecallTalk(self._timeline_log, self._run, self._llm.embedder, self._requests.memory_talk)

    async def feed(self, block: Block) -> None:
        """Prefills what it can ahead of the question. Sound and pictures are ignored."""
        if isinstance(block, SystemBlock):
            self._script.instruct(explained(block.text) if self._llm.style.reads_scene else block.text)
            await self._context.follow(self._timeline_log)
            return
        if isinstance(block, PictureBlock | SoundBlock):
            return
        self._timeline.add(block)
        self._timeline_log.follow()
        # A question is not prefilled yet: if a rule answers, the model's work would only delay it. For the same reason
        # a scene is left to `prefill_idle`.
        if isinstance(block, PartialBlock | ReplyBlock):
            await self._context.follow(self._timeline_log)
        if isinstance(block, ReplyBlock):
            await self._recall.index()  # now, because a reply has just ended and nothing is due

    async def prefill_idle(self) -> bool:
        """One step of prefill ahead of the user's words, for what was seen. False where nothing is left to do."""
        return await self._context.prefill_idle(self._timeline_log)

    async def reply(self) -> AsyncGenerator[Delta, None]:
        """The answer to the last words; empty where nothing was said."""
        asked = self._timeline.asked
        if asked is None:
            return
        sentences, origin = await self._answer(asked)
        said = ""
        async with aclosing(sentences):  # closing the reply stops the model too
            async for text in sentences:
                said += text
                self._timeline.replying(said)
                yield replace(origin, text=text)
                origin = UNKNOWN
        if self._tools.question:
            yield ConsentDelta(self._tools.question)

    async def _answer(self, asked: Entry) -> tuple[AsyncGenerator[str, None], TextDelta]:
        """The sentences of the answer, and a delta that says where they come from."""
        self._tools.question = ""
        if self._response_format is not None:
            return self._structured(self._response_format), UNKNOWN
        assert isinstance(asked.content, TextBlock), "only words are asked"
        lang, agreed = self._languages.of(asked.content), await self._tools.answer_to_question(asked)
        if agreed is not None:
            code = ENGLISH if lang is None else lang.code
            return self._generate(asked.text) if agreed else spoken_one_by_one(declined(code)), UNKNOWN
        if lang is not None:
            return await self._answer_in(lang, asked)
        if (known := await self._answer_by_rule(asked)) is not None:
            return spoken_one_by_one(known.text), TextDelta("", known.at)
        history = self._timeline.history(before=asked.number)
        ruled = small_talk(asked.text, self._clock, history, asked.turn, self._llm.style.by_rule, self._memory.texts)
        found = await self._from_library(asked) if ruled is None else LibraryAnswer(ruled)
        if found is not None:
            return spoken_one_by_one(found.text), TextDelta("", cited=found.citation)
        return self._undirected(asked.text), UNKNOWN

    async def _from_library(self, asked: Entry) -> LibraryAnswer | None:
        """The answer from the user's documents, with its source; None where the question is not for them."""
        consultation = await consult(self._requests.toolbox.search_library, asked.text)
        if consultation is None:
            return None
        before, written = self._timeline.position, None
        consultation = consultation.shortened(self._tools.fits)
        if consultation.quotes and self._tools.fits(consultation.result):
            self.called([consultation.call], [consultation.result])
            async with aclosing(self._structured(ResponseFormat.with_schema(consultation.schema))) as pieces:
                written = "".join([piece async for piece in pieces])
        answer = consultation.answer(written)
        if answer is None:  # the model answers the question without what was found
            self._timeline.rewind(before)
        return answer

    async def _answer_in(self, lang: Language, asked: Entry) -> tuple[AsyncGenerator[str, None], TextDelta]:
        """The answer in a language other than English: what its table answers exactly, else the model's."""
        known = await self._requests.about_memory(asked, lang.code) or await self._recall.answer_in(lang, asked)
        if known is not None:
            return spoken_one_by_one(known.text), TextDelta("", known.at)
        rules = ExactAnswers(lang, self._memory, self._clock, self._requests.toolbox.reminders)
        if (exact := rules.answer(asked.text)) is not None:
            return spoken_one_by_one(exact), UNKNOWN
        speaks = self._llm.style.multilingual
        return self._generate(asked.text) if speaks else spoken_one_by_one(lang.say("only_english")), UNKNOWN

    async def mark(self) -> Mark:
        return Mark(self._timeline.position)

    async def rewind(self, mark: Mark) -> None:
        """The cache follows lazily: the common prefix stays computed. Where only the reply is taken back, not the
        question, the calls that were made for it stay made."""
        made = self._tools.made_since(mark.position)
        self._timeline.rewind(mark.position)
        for block in made:
            self._timeline.add(block)
        self._timeline_log.follow()

    async def close(self) -> None:
        """Free the session's cache and log."""
        self._context.close()
        self._log.close()

    def context(self) -> ContextUse:
        return self._script.use()

    def _scene_question(self) -> SceneQuestion | None:
        question: SceneQuestion | None = None
        for text in self._timeline.history().user_texts()[-FOLLOW_UP_TURNS:]:
            question = scene_question(text, question)
        return question if question is not None and self._is_by_rule(question) else None

    def _is_by_rule(self, question: SceneQuestion) -> bool:
        if question.kind == "who" and "person" not in self._seen() and self._memory.present("text"):
            return False  # a text may say who
        return self._llm.style.scene_by_rule is None or question.kind in self._llm.style.scene_by_rule

    async def _answer_by_rule(self, asked: Entry) -> RuleAnswer | None:
        """The answer from the timers, the log or the scene; None where only the model can answer."""
        if (known := await self._requests.answer(asked)) is not None:
            return known
        question = self._scene_question()
        known = self._from_sheet(asked) or await self._recall.answer(asked, question)
        if known is None and question is None:
            question = self._about_absent_thing(asked)
        return await self._answer_about_scene(question, asked) if known is None and question is not None else known

    def _from_sheet(self, asked: Entry) -> RuleAnswer | None:
        """The answer from the figures of a text in view."""
        if self._llm.style.scene_by_rule is not None and "read" not in self._llm.style.scene_by_rule:
            return None
        known = answer_from_sheet(asked.text, self._memory.texts)
        return RuleAnswer(known) if known is not None else None

    def _about_absent_thing(self, asked: Entry) -> SceneQuestion | None:
        """A question about a thing that is not in view, in any wording; what is in view the model talks about."""
        question = asked_thing(asked.text)
        if question is None or not self._is_by_rule(question):
            return None
        return None if self._seen() & set(question.things[0].labels) else question

    async def _answer_about_scene(self, question: SceneQuestion, asked: Entry) -> RuleAnswer:
        if question.kind == "describe" and question.when == "now" and not question.place and self._llm.phrases:
            facts = in_view(self._memory)
            if facts and (phrasing := await self._llm.phrase(facts, self._run)):
                return RuleAnswer(describe(self._memory, seed=asked.turn, phrasing=phrasing))
        return answer(question, self._memory, asked.span[1], seed=asked.turn)

    def _undirected(self, asked: str) -> AsyncGenerator[str, None]:
        """The model's reply; a text in view that was not asked about directs nothing in it."""
        before = self._timeline.position

        async def again() -> str | None:
            await self.rewind(Mark(before))
            with self._script.leaving_out("text"):
                if not await self._grounding.can_answer(await self._context.follow(self._timeline_log, replying=True)):
                    return None
                return "".join([text async for text in self._generate(asked)])

        unasked = unasked_words(self._script.texts, asked)
        return without_unasked(self._generate(asked), unasked, again) if unasked else self._generate(asked)

    async def _generate(self, asked: str) -> AsyncGenerator[str, None]:
        """The model's words, and between them the rounds of calls that it needs."""
        said, limit = "", self._llm.limit
        sampling = self._generation.sampling_config(self._llm.style.sampling)
        for number in range(MAX_ROUNDS + 1):
            reading, first = self._tools.reading(), True
            spoken = self._llm.style.spoken(asked, limit, self._generation.max_new_tokens)
            writing = self._context.write(self._timeline_log, spoken, reading, sampling, partial(self._opening, asked))
            async with aclosing(self._grounding.supported(asked, writing)) as texts:
                async for text in texts:
                    piece = f" {text}" if first and said and not said[-1].isspace() else text
                    said, first = said + piece, False
                    yield piece
            if not reading.calls or not self._tools.allow_round(number) or self._script.room() < limit // 8:
                break
            if not await self._tools.run(reading.calls):
                yield f" {self._tools.question}" if said else self._tools.question
                return
        if not said.strip():
            yield GAVE_UP

    def _structured(self, response_format: ResponseFormat) -> AsyncGenerator[str, None]:
        return self._context.structured(self._timeline_log, response_format.grammar, self._generation.max_new_tokens)

    async def _opening(self, asked: str, context: TokenContext) -> int | None:
        return await self._grounding.opening(asked, context, sees=self._memory.scene.camera)

    def _seen(self) -> set[str]:
        return {fact.label for fact in self._memory.present("object")}

    def _question_end(self) -> float:
        return next((entry.span[1] for entry in reversed(self._timeline.entries) if entry.text), 0.0)
