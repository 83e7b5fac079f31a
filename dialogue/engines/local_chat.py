"""A turn-taking engine for this machine: rules where no model must guess, a language model where it may talk.

Scene questions are answered from facts, sums, the clock and the past by rule; free conversation is the mind's: SmolLM2,
or a chat model of the user's (`chat_model.py`), in our own decoder, its context prefilled as blocks arrive and rolling
when it is full. Weights are shared, a session is an object. Heavy steps go through the runner, one token or one chunk
of prefill each; no task, no thread, no clock of its own.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from dialogue.blocks import Block, PartialBlock, ReplyBlock, SceneBlock, SystemBlock, TextBlock
from dialogue.engine import Capabilities, ContextUse, Delta, Mark, Runner, TextDelta
from dialogue.engines.local_llm import LocalLlm
from dialogue.llm.token_context import PREFILL_CHUNK, TokenContext
from dialogue.memory.conversation_log import ConversationLog
from dialogue.memory.event_log import EventLog
from dialogue.memory.history import History
from dialogue.memory.scene_memory import SceneMemory
from dialogue.prompts.chat_script import ChatScript, ScriptTurn
from dialogue.prompts.scene_text import SceneText
from dialogue.prompts.thought import THOUGHT_CLOSING
from dialogue.rules.description import describe, in_view
from dialogue.rules.question_kinds import SceneQuestion
from dialogue.rules.recall_answers import INDEXED, NOTHING, recall, words_wanted
from dialogue.rules.recall_questions import recall_question
from dialogue.rules.rule_answer import RuleAnswer
from dialogue.rules.scene_answers import answer
from dialogue.rules.scene_questions import scene_question
from dialogue.rules.small_talk import Clock, small_talk
from dialogue.rules.timer_talk import timer_answer
from dialogue.text.spoken_text import SpokenText, runs_in_a_circle
from dialogue.tools.toolbox import Reminding, Toolbox

# The penalty is also on the last replies: else one that fits badly is given again and again.
REPLIES_NOT_COPIED = 2
# Follow-up questions lean on at most so many turns of the user before.
FOLLOW_UP_TURNS = 4
# Room for what a template puts around the reply to come.
FRAME_TOKENS = 16
# Room kept free while the user speaks, so that nothing has to leave when the answer is wanted.
SPARE_TOKENS = 32
# Lines of the log whose meaning is computed in one step: a wall of text must not hold up an answer.
INDEXED_AT_ONCE = 16


class LocalChatEngine:
    """One session. The newest scene is kept across `rewind`: what the eyes saw does not become unseen."""

    can = Capabilities(hears=False, sees=False, speaks=False)

    def __init__(self, llm: LocalLlm, runner: Runner, clock: Clock, log: EventLog | None = None) -> None:
        """`log` keeps what was seen and said; by default it lives in memory as long as the session."""
        self._llm, self._run, self._clock = llm, runner, clock
        self._script = ChatScript(llm.chat, llm.style.persona, llm.limit, llm.style.examples)
        self._log = EventLog() if log is None else log
        self._memory, self._conversation_log = SceneMemory(self._log), ConversationLog(self._log)
        self._history = History()
        self._book: Reminding | None = None
        self._scene_told = SceneText()
        self._context: TokenContext | None = None  # made by the first step: a cache is large

    def equip(self, toolbox: Toolbox) -> None:
        """Timers are set by rule; the eyes' findings and the log are at hand anyway."""
        self._book = toolbox.reminding

    async def feed(self, block: Block) -> None:
        """Prefills what it can ahead of the question. Sound and pictures are for engines that hear and see."""
        match block:
            case SystemBlock(text):
                self._script.instruct(text)
                await self._follow()
            case PartialBlock(text) if text.strip():
                self._script.overhear(block, self._aside())
                await self._follow()
            case TextBlock(text) if text.strip():
                # Not prefilled yet: if a rule answers, nobody should wait for the model.
                self._script.said(block, self._aside())
                self._conversation_log.heard(block, self._script.position - 1)
                self._history.add(block)
            case SceneBlock():
                self._memory.see(block)
            case ReplyBlock():
                self._confirm(block)
                await self._follow()
                await self._index()

    async def reply(self) -> AsyncIterator[Delta]:
        """The answer to what was said last; nothing if nothing was."""
        asked = self._script.turns[-1] if self._script.turns else None
        if asked is None or asked.kind != "text":
            return
        known = await self._known(asked)
        if known is not None:
            sentences = _said_at_once(known.text)
        else:
            ruled = small_talk(asked.text, self._clock, self._before(), asked.number, self._llm.style.by_rule)
            sentences = self._free() if ruled is None else _said_at_once(ruled)
        said, recalled = "", known.at if known else None
        async with aclosing(sentences):  # whoever stops us stops the model too
            async for text in sentences:
                said += text
                self._saying(said)
                yield TextDelta(text, recalled)
                recalled = None

    async def mark(self) -> Mark:
        return Mark(self._script.position)

    async def rewind(self, mark: Mark) -> None:
        """The cache follows lazily: the common beginning stays computed, whatever comes next."""
        self._history.forget(self._script.rewind(mark.position))
        self._conversation_log.rewind(mark.position)

    async def close(self) -> None:
        """Frees the session's cache and its log."""
        self._context = None
        self._log.close()

    def context(self) -> ContextUse:
        return self._script.use()

    def _aside(self) -> str:
        """What the eyes have found, for a model that is told; nothing where it was told the same before."""
        if not self._llm.style.told_scene:
            return ""
        told = self._llm.chat.plain(self._scene_told.words(self._memory.scene))
        return "" if self._script.was_told(told) else told

    def _scene_question(self) -> SceneQuestion | None:
        question: SceneQuestion | None = None
        for text in self._history.user_texts()[-FOLLOW_UP_TURNS:]:
            question = scene_question(text, question)
        return question

    async def _known(self, asked: ScriptTurn) -> RuleAnswer | None:
        """What the book of timers, the log or the eyes know; None where nobody but the model can answer."""
        if self._book is not None and (timed := timer_answer(asked.text, self._book)) is not None:
            return RuleAnswer(timed)
        question = self._scene_question()
        known = await self._recalled(asked, question)
        return await self._about_scene(question, asked) if known is None and question is not None else known

    async def _recalled(self, asked: ScriptTurn, scene: SceneQuestion | None) -> RuleAnswer | None:
        """What was said or read earlier, if that is asked for; None where the eyes or the model should answer."""
        question = recall_question(asked.text)
        if question is None or not words_wanted(question, scene):
            return None
        embedder = self._llm.embedder
        meaning = (await self._run(embedder.embed, [asked.text]))[0] if embedder else None
        # A full log takes a tenth of a second to search: not on the event loop.
        known = await self._run(recall, question, self._log, asked.end, meaning, self._conversation_log.last_line)
        return RuleAnswer(NOTHING[question.whose]) if known is None and question.sure and scene is None else known

    async def _index(self) -> None:
        """Learn the meaning of what is new in the log: now, while our reply has just been heard."""
        if self._llm.embedder is not None and (new := self._log.unindexed(*INDEXED)[:INDEXED_AT_ONCE]):
            self._log.index(new, await self._run(self._llm.embedder.embed, [event.text for event in new]))

    def _before(self) -> History:
        """The history without the turn being answered."""
        before = History()
        for block in self._history.blocks[:-1]:
            before.add(block)
        return before

    async def _about_scene(self, question: SceneQuestion, asked: ScriptTurn) -> RuleAnswer:
        if question.kind == "describe" and question.when == "now" and not question.place and self._llm.phrases:
            facts = in_view(self._memory)
            if facts and (phrasing := await self._llm.phrase(facts, self._run)):
                return RuleAnswer(describe(self._memory, seed=asked.number, phrasing=phrasing))
        return answer(question, self._memory, asked.end, seed=asked.number)

    async def _free(self) -> AsyncGenerator[str, None]:
        """The model's words as they come, one token a step."""
        await self._follow(replying=True)
        context = self._context
        assert context is not None
        llm, style = self._llm, self._llm.style
        spoken = SpokenText(style.soft_tokens, style.hard_tokens)
        lately = self._script.said_lately(REPLIES_NOT_COPIED)
        ids: list[int] = []
        token = await self._run(context.choose, style.sampling, lately)
        while not spoken.done:
            if token in llm.stop_ids:
                text = spoken.finish(llm.chat.text(ids))
            else:
                ids.append(token)
                text = spoken.push(llm.chat.text(ids), len(ids))
                if runs_in_a_circle(ids):
                    spoken.done = True
            if text:
                yield text
            if not spoken.done and llm.chat.opens_thought(ids):
                await self._close_thought(context, ids)
                token = await self._run(context.choose, style.sampling, (*lately, *ids))
            elif not spoken.done:
                token = await self._run(context.advance, token, style.sampling, (*lately, *ids))

    async def _close_thought(self, context: TokenContext, ids: list[int]) -> None:
        """The model was not to think aloud and begins to: let it believe that it has done so. Adds to `ids`."""
        closing = self._llm.chat.encode(THOUGHT_CLOSING)
        wanted = [*context.ids, ids[-1], *closing]
        ids += closing
        while await self._run(context.follow, wanted, True):
            pass

    def _saying(self, text: str) -> None:
        """The turn so far, as if heard: whoever stops us now need not tell us what was said."""
        unheard = self._script.turns[-1].kind == "reply"
        if unheard:
            self._history.forget(1)
        self._script.replying(text)
        said = self._script.turns[-1]
        self._history.add(ReplyBlock(text, said.start, said.end))

    def _confirm(self, block: ReplyBlock) -> None:
        turns = self._script.turns
        if turns and not turns[-1].heard:
            self._history.forget(1)
        self._script.replied(block)
        self._conversation_log.spoke(block, self._script.position - bool(block.text.strip()))
        self._history.add(block)

    async def _follow(self, *, replying: bool = False) -> None:
        """Bring the cache in line with the script, a chunk a step."""
        spare = 0 if replying else SPARE_TOKENS
        eviction = self._script.make_room(self._llm.style.hard_tokens + FRAME_TOKENS + spare)
        self._conversation_log.left(eviction.dropped, self._script.dropped)
        if self._context is None:
            self._context = await self._run(self._llm.new_context)
        for start, end in eviction.cuts:
            await self._run(self._context.cut, start, end)
        if not replying:  # nobody is waiting
            await self._recapitulate(self._context)
        wanted = self._script.wanted(replying=replying)
        while await self._run(self._context.follow, wanted, replying):
            pass

    async def _recapitulate(self, context: TokenContext) -> None:
        """Lay the recap out anew if turns have left; what stands behind it makes way and stays computed."""
        renewal = self._script.recapitulate()
        if renewal is None or len(context.ids) < renewal.end:
            return
        await self._run(context.cut, renewal.start, renewal.end)
        for first in range(0, len(renewal.ids), PREFILL_CHUNK):
            await self._run(context.insert, renewal.start + first, renewal.ids[first : first + PREFILL_CHUNK])


async def _said_at_once(text: str) -> AsyncGenerator[str, None]:
    """An answer by rule, sentence by sentence, so that the first can be spoken while the next is made."""
    quote, unquote = text.find("“"), text.rfind("”")
    begun = 0
    for end in re.finditer(r"[.!?]\s+", text):
        if not quote <= end.start() < unquote:  # what was read stays in one piece
            yield text[begun : end.end()]
            begun = end.end()
    yield text[begun:]
