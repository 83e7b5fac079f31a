"""Answers a history of messages outside a call: text, pictures, recordings and films in, the next reply out.

The engine, vision and ASR models and the rules are those of a call: an engine that cannot see gets the scene, an engine
that cannot hear gets the transcript, and text that was read or transcribed is quoted, never followed as an instruction.
All state belongs to one answer.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import pairwise

from audio.chunk import Samples
from dialogue.blocks import ReplyBlock, SystemBlock, TextBlock
from dialogue.engine import ContextUse, Delta, Engine, SoundDelta, TextDelta
from dialogue.errors import BadInput
from dialogue.grammars.response_format import ResponseFormat, TakesResponseFormat
from dialogue.library.models import Embed
from dialogue.llm.generation_config import GenerationConfig, TakesGenerationConfig
from dialogue.tools.tool import Tool
from dialogue.tools.toolbox import TakesCalls
from stream.models.parts import Parts
from stream.models.setup import Setup
from stream.models.tool_choice import NO_FUNCTIONS
from stream.requests.long_message import answer_long_message
from stream.requests.message_intake import MESSAGES_APART_S, MessageIntake, TakenMessage
from stream.requests.request_answers import answer_by_rule, prompt_of
from stream.requests.request_message import CallsMade, RequestMessage

OnSound = Callable[[Samples, int], None]  # samples, rate
OnUse = Callable[[ContextUse], None]

LONGEST_TEXT = 4000  # characters of one message that a model reads as it is
MOST_TEXT = 4_000_000  # characters of the last message, where it is text alone
LONGEST_HISTORY = 1000  # messages


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """Options of one answer: how the text is generated, functions that the model may call, the form of the answer."""

    generation: GenerationConfig = field(default_factory=GenerationConfig)
    tools: tuple[Tool, ...] = ()
    response_format: ResponseFormat | None = None


DEFAULT_OPTIONS = RequestOptions()


class ChatRequests:
    """Answers histories. Several answers may run at once."""

    def __init__(self, parts: Parts, setup: Setup) -> None:
        self._parts = parts
        self._reads, self._has_rules = setup.capabilities.reads, setup.capabilities.scene_rules

    async def answer(
        self,
        messages: Sequence[RequestMessage],
        on_sound: OnSound | None = None,
        request_options: RequestOptions = DEFAULT_OPTIONS,
        on_use: OnUse | None = None,
    ) -> AsyncGenerator[str, None]:
        """The reply to the last message, piece by piece. `on_sound` receives it as speech, in the model's own voice
        where it has one; `on_use` the use of the context at the end. Raises BadInput, and what the engine raises."""
        _check(messages)
        response_format = request_options.response_format
        engine, said, sounded = self._new_engine(on_sound is not None, request_options.tools), "", False
        try:
            _configure(engine, request_options.generation)
            if response_format is not None:
                _structure(engine, response_format)
            async with aclosing(self._deltas(engine, messages, response_format)) as deltas:
                async for delta in deltas:
                    match delta:
                        case TextDelta(text):
                            said += text
                            yield text
                        case SoundDelta(samples, rate) if on_sound is not None:
                            on_sound(samples, rate)
                            sounded = True
            if response_format is not None:
                response_format.check(said)
            voice = self._parts.voice
            if on_sound is not None and voice is not None and not sounded and said.strip():
                spoken = await self._parts.threads.voice.run(voice.spoken, said.strip())
                on_sound(spoken.samples, voice.rate)
        finally:
            if on_use is not None:
                on_use(engine.context())
            await engine.close()

    def _new_engine(self, aloud: bool, tools: tuple[Tool, ...]) -> Engine:
        if not aloud or self._parts.voice is not None or tools:
            return self._parts.chat_engine(tools)
        engine = self._parts.new_engine()  # an engine that speaks itself has no separate voice
        if engine.can.duplex:
            raise BadInput("This model speaks in calls only: ask without speech, or call it with `live`.")
        return engine

    async def _deltas(
        self, engine: Engine, messages: Sequence[RequestMessage], response_format: ResponseFormat | None
    ) -> AsyncGenerator[Delta, None]:
        intake, at = MessageIntake(self._parts, engine), 0.0
        for message, after in pairwise(messages):
            if message.role == "assistant" and after.role == "tool":
                continue  # words before a call are not an answer yet
            if message.role == "user":
                taken = await intake.take(message, at)
                await self._feed_question(engine, taken)
                at = taken.at
            elif message.role == "tool":
                _called(engine, message)
                continue
            else:
                text = _only_text(message)
                await engine.feed(SystemBlock(text) if message.role == "system" else ReplyBlock(text, at, at))
            at += MESSAGES_APART_S
        if messages[-1].role == "tool":
            _called(engine, messages[-1])
            async with aclosing(engine.reply()) as deltas:
                async for delta in deltas:
                    yield delta
            return
        if (text := _long_text(messages[-1])) and response_format is None:
            yield TextDelta((await answer_long_message(text, self._parts, self._embed())).text)
            return
        taken = await intake.take(messages[-1], at)
        rule = answer_by_rule(taken, reads=self._reads, hears=engine.can.hears)
        if rule is not None and response_format is None:
            yield TextDelta(rule)
            return
        await self._feed_question(engine, taken, response_format)
        async with aclosing(engine.reply()) as deltas:
            async for delta in deltas:
                yield delta

    def _embed(self) -> Embed:
        """Raises BadInput where long messages cannot be read."""
        embed = self._parts.embed
        if embed is None or not self._reads:
            raise BadInput(f"A message of more than {LONGEST_TEXT:,} characters needs a model that reads texts.")
        return embed

    async def _feed_question(
        self, engine: Engine, taken: TakenMessage, response_format: ResponseFormat | None = None
    ) -> None:
        """Feeds the text of a message, unless the engine has it already: as sound, or in its place among the items. A
        `response_format` is described after it."""
        prompt = ""
        if not taken.fed or taken.said or taken.heard:
            prompt = await prompt_of(taken, engine, has_rules=self._has_rules and response_format is None)
        if response_format is not None:
            prompt = f"{prompt}\n\n{response_format.instruction}".strip()
        if prompt:
            await engine.feed(TextBlock(prompt, taken.at, taken.at, typed=True))


def _configure(engine: Engine, generation: GenerationConfig) -> None:
    if isinstance(engine, TakesGenerationConfig):
        engine.configure(generation)
    elif not generation.is_default:
        raise BadInput("This model takes no sampling parameters: leave out temperature, top_p and the like.")


def _structure(engine: Engine, response_format: ResponseFormat) -> None:
    if not isinstance(engine, TakesResponseFormat):
        raise BadInput("This model's answers cannot be held to a schema; use a chat model (--llm), or leave it out.")
    engine.answer_in(response_format)


def _called(engine: Engine, message: RequestMessage) -> None:
    """Gives the engine a round of calls from before. Raises BadInput where it calls no functions."""
    if not (engine.can.tools and isinstance(engine, TakesCalls)):
        raise BadInput(NO_FUNCTIONS)
    for made in message.items:
        if not isinstance(made, CallsMade):
            raise BadInput("A message with role 'tool' holds the calls of functions with their results.")
        engine.called(made.calls, made.results)


def _only_text(message: RequestMessage) -> str:
    if not all(isinstance(item, str) for item in message.items):
        raise BadInput(f"A message with role {message.role!r} may hold text only; put pictures and sound into 'user'.")
    return " ".join(item for item in message.items if isinstance(item, str))


def _check(messages: Sequence[RequestMessage]) -> None:
    if not messages or messages[-1].role not in ("user", "tool"):
        raise BadInput("The last message must have role 'user', or 'tool' with the results of functions.")
    if messages[0].role == "tool":
        raise BadInput("Calls of functions belong to a question: the first message must have another role than 'tool'.")
    if len(messages) > LONGEST_HISTORY:
        raise BadInput(f"A history has at most {LONGEST_HISTORY} messages, not {len(messages)}; leave out the oldest.")
    last = messages[-1]
    for message in messages:
        if message.role not in ("system", "user", "assistant", "tool"):
            raise BadInput(f"A message has role 'system', 'user' or 'assistant', not {message.role!r}.")
        if not any(item.strip() if isinstance(item, str) else True for item in message.items):
            raise BadInput(f"A message with role {message.role!r} is empty; give it text, a picture or sound.")
        length = sum(len(item) for item in message.items if isinstance(item, str))
        most = MOST_TEXT if message is last and _long_text(message) else LONGEST_TEXT
        if length > most:
            raise BadInput(f"A message has {length:,} characters; at most {most:,} fit. Please shorten it.")


def _long_text(message: RequestMessage) -> str:
    """The text of a message that is too long for one request; empty for another one, and beside pictures or sound."""
    text = "\n\n".join(item for item in message.items if isinstance(item, str))
    alone = all(isinstance(item, str) for item in message.items)
    return text if alone and len(text) > LONGEST_TEXT else ""
