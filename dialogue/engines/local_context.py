"""The context of one session of a local model: keeps its cache in line with the script, and writes replies in it.

Model steps go through the runner, one token or one prefill chunk each. What is written may hold calls of functions,
whose JSON is held to their schema from the moment at which one begins.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable

from dialogue.engine import Runner
from dialogue.engines.local_llm import LocalLlm
from dialogue.grammars.constraint import Constraint
from dialogue.grammars.session_tools import CALL_TOKENS, SessionTools
from dialogue.llm.batching import Output, Stream
from dialogue.llm.checkpoints.adapter import AdapterChoice
from dialogue.llm.sampling import GREEDY, SamplingConfig
from dialogue.llm.token_context import PREFILL_CHUNK, TokenContext
from dialogue.memory.timeline_log import TimelineLog
from dialogue.prompts.chat_script import ChatScript
from dialogue.prompts.thought import THOUGHT_CLOSING
from dialogue.text.spoken_text import SpokenText, repeats_itself
from dialogue.tools.json_calls import JsonCalls

# The repetition penalty covers the last replies too: else a bad one is repeated again and again.
PENALISED_REPLIES = 2
# Room for the tokens that a template puts around the next reply.
FRAME_TOKENS = 16
# Room kept free while the user speaks, so that nothing is evicted when the answer is due.
SPARE_TOKENS = 32
# A structured answer takes at most 1/STRUCTURE_SHARE of the context.
STRUCTURE_SHARE = 4


class LocalContext:
    """One session. A cache is large, so it is made by the first step."""

    def __init__(self, llm: LocalLlm, runner: Runner, script: ChatScript, tools: SessionTools) -> None:
        self._llm, self._run, self._script, self._tools = llm, runner, script, tools
        self.tokens: TokenContext | None = None
        self.followed = 0  # position of the timeline up to which it is prefilled
        self.certainties: list[float] = []  # the probabilities of the tokens of the reply so far
        self.adapters = AdapterChoice(llm.model.decoder.adapters, self._restart)

    def close(self) -> None:
        self.tokens = None

    def _restart(self) -> None:
        """What was computed with another adapter is computed again when the session is idle, or for the next reply."""
        self.tokens, self.followed = None, -1

    async def prefill_idle(self, log: TimelineLog) -> bool:
        """One step of prefill ahead of the user's words, for what was seen. False where nothing is left to do."""
        timeline = self._script.timeline
        if self.followed == timeline.position or timeline.asked is not None:
            return False
        context = await self._make_room(log)
        if await self._run(context.follow, self._script.wanted(), False):
            return True
        self.followed = timeline.position
        return False

    async def follow(self, log: TimelineLog, *, replying: bool = False, most: int = 0) -> TokenContext:
        """Bring the cache in line with the timeline, one chunk a step. `most` tokens of a reply must fit. What leaves
        the context is written to the `log`."""
        context = await self._make_room(log, replying=replying, most=most)
        wanted = self._script.wanted(replying=replying)
        while await self._run(context.follow, wanted, replying):
            pass
        self.followed = self._script.timeline.position
        return context

    async def write(
        self,
        log: TimelineLog,
        spoken: SpokenText,
        reading: JsonCalls,
        sampling: SamplingConfig,
        opening: Callable[[TokenContext], Awaitable[int | None]],
    ) -> AsyncGenerator[str, None]:
        """The model's words as they are generated, one token a step; its calls are in `reading` afterwards. `opening`
        says with which token the reply has to begin, if with a certain one."""
        llm, most = self._llm, spoken.most_tokens
        most += CALL_TOKENS if self._tools.tools else 0
        context = await self.follow(log, replying=True, most=most)
        recent = self._script.said_lately(PENALISED_REPLIES)
        ids: list[int] = []
        constraint: Constraint | None = None
        self.certainties = []
        token = await self._run(context.choose, sampling, recent)
        if (first := await opening(context)) is not None:
            token = first
        while True:
            calling = reading.open is not None or bool(reading.calls)
            if ended := token in llm.stop_ids or (calling and len(ids) >= most):
                reading.end()
            else:
                ids.append(token)
                self.certainties.append(context.certainty)
                reading.push(llm.chat.text(ids).removeprefix(reading.written))
            if text := self._words(spoken, reading, ids, ended):
                yield text
            if ended or spoken.done or reading.done:
                return
            if llm.chat.opens_thought(ids):
                await self._append(context, ids, THOUGHT_CLOSING)
                token = await self._run(context.choose, sampling, (*recent, *ids))
            elif constraint is not None and reading.open is None:  # a call is over; another may follow
                constraint = None
                await self._append(context, ids, self._tools.closing)
                token = await self._run(context.choose, GREEDY, ())
            else:
                constraint = await self._constrained(constraint, reading, token)
                if constraint is None:
                    token = await self._run(context.advance, token, sampling, (*recent, *ids))
                else:
                    token = await self._run(context.advance, token, GREEDY, (), constraint)

    def _words(self, spoken: SpokenText, reading: JsonCalls, ids: list[int], ended: bool) -> str:
        """The new words to speak: none of a call, and none once a loop has begun."""
        if ended:
            return spoken.finish(reading.said)
        if reading.calls or reading.open is not None:
            return ""
        # A line that ends a statement ends a reply, unless a call may follow it.
        text = spoken.push(reading.said.rstrip() if self._tools.tools else reading.said, len(ids))
        if repeats_itself(ids):
            spoken.done = True
        return text

    async def structured(self, log: TimelineLog, grammar: str, most: int | None) -> AsyncGenerator[str, None]:
        """An answer that is held to a grammar from its first token on. Those of several sessions share passes."""
        llm = self._llm
        most = min(most or llm.limit, llm.limit // STRUCTURE_SHARE)
        context = await self.follow(log, replying=True, most=most)
        constraint = await self._run(llm.vocabulary.constraint, grammar)
        ids, said = list[int](), ""
        member = llm.batch.join(_constrained_tokens(context, constraint, llm.stop_ids, most))
        try:
            while (tokens := await self._run(llm.batch.run_turn, member, 1)) is not None:  # others wait for one pass
                ids += tokens
                text = llm.chat.raw_text(ids)
                if new := text[len(said) :]:
                    yield new
                said = text
        finally:
            llm.batch.leave(member)

    async def _constrained(self, constraint: Constraint | None, reading: JsonCalls, token: int) -> Constraint | None:
        """The constraint of the open call, after `token`. The first one takes a moment to make."""
        if constraint is not None:
            constraint.accept(token)
        elif reading.open is not None and self._tools.tools:
            return await self._run(self._tools.constraint, reading.open)
        return constraint

    async def _append(self, context: TokenContext, ids: list[int], text: str) -> None:
        """Lets the model go on after `text`, as if it had written it: the end of a thought that it opens although it
        should answer at once, or the mark after a call. Appends its tokens to `ids`."""
        tokens = self._llm.chat.encode(text)
        wanted = [*context.ids, ids[-1], *tokens]
        ids += tokens
        while await self._run(context.follow, wanted, True):
            pass

    async def _make_room(self, log: TimelineLog, *, replying: bool = False, most: int = 0) -> TokenContext:
        """Evict what no longer fits, so that the rest and a reply do."""
        spare = 0 if replying else SPARE_TOKENS
        eviction = self._script.make_room(max(most, self._llm.style.hard_tokens) + FRAME_TOKENS + spare)
        log.left(eviction.dropped)
        if self.tokens is None:
            self.tokens = await self._run(self._llm.new_context, self._script.system, self.adapters.chosen)
        for start, end in eviction.cuts:
            await self._run(self.tokens.cut, start, end)
        if not replying:  # no answer is due
            await self._update_recap(self.tokens)
        return self.tokens

    async def _update_recap(self, context: TokenContext) -> None:
        """Write the recap again if turns have left; the tokens behind it are moved, not computed again."""
        renewal = self._script.recapitulate()
        if renewal is None or len(context.ids) < renewal.end:
            return
        await self._run(context.cut, renewal.start, renewal.end)
        for first in range(0, len(renewal.ids), PREFILL_CHUNK):
            await self._run(context.insert, renewal.start + first, renewal.ids[first : first + PREFILL_CHUNK])


def _constrained_tokens(
    context: TokenContext, constraint: Constraint, stop_ids: frozenset[int], most: int
) -> Stream[int]:
    """At most `most` tokens, until the constraint is fulfilled or one of `stop_ids` is chosen. Runs on the model's
    thread."""
    token = context.choose(GREEDY, (), constraint)
    for _ in range(most):
        if token in stop_ids:
            return
        constraint.accept(token)
        yield Output(token)
        if constraint.complete:
            return
        token = yield from context.advancing(token, constraint)
