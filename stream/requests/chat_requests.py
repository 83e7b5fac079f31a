"""Answers a history of messages, without a call: text, pictures, recordings and films in, the next reply out.

The same engine, eyes and ears as in a call, and the same rules: an engine that cannot see is told the scene, one
that cannot hear gets the words, and what was read or recorded is quoted, never obeyed. Keeps nothing between answers.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import numpy as np

from audio.chunk import Chunk, Samples
from dialogue.blocks import PictureBlock, ReplyBlock, SceneBlock, SoundBlock, SystemBlock, TextBlock
from dialogue.engine import Delta, Engine, SoundDelta, TextDelta
from dialogue.errors import BadInput
from dialogue.llm.generation_config import GenerationConfig, TakesGenerationConfig
from dialogue.tools.tool import Tool
from stream.models.parts import Parts
from stream.models.setup import Setup
from stream.perception.captioning import described, with_description
from stream.perception.watching import scene_block
from stream.requests.film_frames import Frames
from stream.requests.message import Film, Recording, RequestMessage
from vision.look import SceneUpdate
from vision.picture import Picture

OnSound = Callable[[Samples, int], None]  # samples, rate

LONGEST_TEXT = 4000  # characters of one message
LONGEST_HISTORY = 1000  # messages
READ_FILM_EVERY_S = 2.0
MOST_FRAMES = 64  # of one film, for an engine that sees; evenly thinned out
MESSAGES_APART_S = 10.0

# "What is being said?", "Transcribe this", "What did she say in the recording?": answered with the words themselves.
ASKS_FOR_WORDS = re.compile(
    r"\btranscri(be|pt)|\bwrite (it|this|that) down\b|\bwhat\b.*\b(said|say|says|saying|spoken|hear|heard)\b"
    r"|\brepeat\b|\bword for word\b",
    re.IGNORECASE,
)


@dataclass
class _Taken:
    """What one message of the user comes to."""

    said: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)  # by our ears; empty for an engine that hears itself
    sound: bool = False
    fed: bool = False  # the engine has been given words already, written or spoken


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """What whoever asks may want besides: how it is written, and functions that may be called for it."""

    generation: GenerationConfig = field(default_factory=GenerationConfig)
    tools: tuple[Tool, ...] = ()


DEFAULT_OPTIONS = RequestOptions()


class ChatRequests:
    """Safe for several answers at once: all state is in the answer."""

    def __init__(self, parts: Parts, setup: Setup) -> None:
        self._parts = parts
        self._understands = setup.capabilities.reads

    async def answer(
        self,
        messages: Sequence[RequestMessage],
        on_sound: OnSound | None = None,
        request_options: RequestOptions = DEFAULT_OPTIONS,
    ) -> AsyncIterator[str]:
        """The reply to the last message, piece by piece; `on_sound` is given it as speech, by the model's own voice
        where it has one. Raises BadInput, and what the engine raises."""
        _check(messages)
        engine, said, sounded = self._writer(on_sound is not None, request_options.tools), "", False
        try:
            _word(engine, request_options.generation)
            async with aclosing(self._deltas(engine, messages)) as deltas:
                async for delta in deltas:
                    match delta:
                        case TextDelta(text):
                            said += text
                            yield text
                        case SoundDelta(samples, rate) if on_sound is not None:
                            on_sound(samples, rate)
                            sounded = True
            voice = self._parts.voice
            if on_sound is not None and voice is not None and not sounded and said.strip():
                spoken = await self._parts.threads.voice.run(voice.spoken, said.strip())
                on_sound(spoken.samples, voice.rate)
        finally:
            await engine.close()

    def _writer(self, aloud: bool, tools: tuple[Tool, ...]) -> Engine:
        if not aloud or self._parts.voice is not None or tools:
            return self._parts.chat_engine(tools)
        engine = self._parts.new_engine()  # there is no voice beside one that speaks itself
        if engine.can.duplex:
            raise BadInput("this model speaks in calls only: leave the speech out, or call it with `live`")
        return engine

    async def _deltas(self, engine: Engine, messages: Sequence[RequestMessage]) -> AsyncGenerator[Delta, None]:
        at = 0.0
        for message in messages[:-1]:
            if message.role == "user":
                await _ask(engine, await self._take_in(engine, message, at), at)
            else:
                text = _only_text(message)
                await engine.feed(SystemBlock(text) if message.role == "system" else ReplyBlock(text, at, at))
            at += MESSAGES_APART_S
        taken = await self._take_in(engine, messages[-1], at)
        if (answer := self._answer_by_rule(engine, taken)) is not None:
            yield TextDelta(answer)
            return
        await _ask(engine, taken, at)
        async with aclosing(engine.reply()) as deltas:  # type: ignore[type-var]
            async for delta in deltas:
                yield delta

    def _answer_by_rule(self, engine: Engine, taken: _Taken) -> str | None:
        """What needs no model, or what this one would make up; None where it should answer."""
        if taken.sound and not taken.heard and not engine.can.hears:
            return "I could not make out any words in the recording."
        if taken.said and taken.heard and (not self._understands or ASKS_FOR_WORDS.search(" ".join(taken.said))):
            return f"The recording says: \u201c{' '.join(taken.heard)}\u201d"
        return None

    async def _take_in(self, engine: Engine, message: RequestMessage, at: float) -> _Taken:
        taken = _Taken()
        for item in message.items:
            match item:
                case str() if engine.can.in_order:
                    await engine.feed(TextBlock(item, at, at, typed=True))
                    taken.fed = True
                case str():
                    taken.said.append(item)
                case Picture():
                    await self._see(engine, item, at)
                case Recording(samples):
                    await self._hear(engine, samples, at, taken)
                case Film(perceived):
                    await self._watch(engine, perceived, at, taken)
        return taken

    async def _hear(self, engine: Engine, samples: Samples, at: float, taken: _Taken) -> None:
        taken.sound = True
        if engine.can.hears:
            await engine.feed(SoundBlock(samples, at))
            taken.fed = True
            return
        transcript = await self._parts.threads.asr.run(self._careful, samples)
        if transcript:
            taken.heard.append(transcript)

    def _careful(self, samples: Samples) -> str:
        """Nothing waits for it here, so the slower and better way of listening."""
        assert self._parts.transcriber is not None, "an engine that cannot hear has our ears beside it"
        return self._parts.transcriber.transcribe(samples, careful=True).text

    async def _see(self, engine: Engine, picture: Picture, at: float) -> None:
        if engine.can.sees:
            await engine.feed(PictureBlock(picture.rgb, at))
            return
        vision_models = self._parts.vision_models
        assert vision_models is not None, "an engine that cannot see has our eyes beside it"
        shown = Picture(picture.rgb, at, picture.source)
        look = await self._parts.threads.vision.run(vision_models.study, shown)
        await engine.feed(await self._with_words(scene_block(look, at), picture))

    async def _with_words(self, scene: SceneBlock, picture: Picture | None) -> SceneBlock:
        """The scene with a description of its picture, where there is a model for that."""
        captioner = self._parts.captioner
        if captioner is None or picture is None:
            return scene
        said = await captioner.describe(picture.rgb, self._parts.threads.captioner.run)
        return with_description(scene, described(said, scene.at) if said else None)

    async def _watch(self, engine: Engine, perceived: Iterable[Chunk | Picture], at: float, taken: _Taken) -> None:
        """A film is told by its last scene and by what changed on the way there."""
        vision_models, thread, look = self._parts.vision_models, self._parts.threads.vision, SceneUpdate()
        sound: list[Samples] = []
        last: Picture | None = None
        read_at, scene, frames = float("-inf"), SceneBlock((), "", at, camera=False), Frames(MOST_FRAMES)
        for each in perceived:
            if isinstance(each, Chunk):
                sound.append(each.samples)
            elif engine.can.sees:
                frames.add(each)
            else:
                assert vision_models is not None, "an engine that cannot see has our eyes beside it"
                shown = Picture(each.rgb, at + each.at, each.source)
                await thread.run(vision_models.glance, look, shown)
                if each.at - read_at >= READ_FILM_EVERY_S:
                    await thread.run(vision_models.read, look, shown)
                    read_at = each.at
                scene, last = scene_block(look, at + each.at), each
        if scene.camera:
            await engine.feed(await self._with_words(scene, last))
        for frame in frames.chosen():
            await engine.feed(PictureBlock(frame.rgb, at + frame.at, of_film=True))
        if sound:
            await self._hear(engine, np.concatenate(sound), at, taken)


def _word(engine: Engine, generation: GenerationConfig) -> None:
    if isinstance(engine, TakesGenerationConfig):
        engine.word(generation)
    elif not generation.usual:
        raise BadInput("this mind chooses its words by itself: leave out temperature, top_p and their like")


async def _ask(engine: Engine, taken: _Taken, at: float) -> None:
    """The words of a message, unless the engine has them already: as it hears them, or where they stood."""
    if not taken.fed or taken.said or taken.heard:
        await engine.feed(TextBlock(_question(taken), at, at, typed=True))


def _question(taken: _Taken) -> str:
    """What a person would have said: their words, or the recording's where they said nothing themselves."""
    said, heard = " ".join(taken.said).strip(), " ".join(taken.heard)
    if not said:
        return heard or "What do you see?"
    return f"{said}\nThe recording says: \u201c{heard}\u201d" if heard else said


def _only_text(message: RequestMessage) -> str:
    if not all(isinstance(item, str) for item in message.items):
        raise BadInput(f"a message of the {message.role} holds text only; pictures and sound are the user's")
    return " ".join(item for item in message.items if isinstance(item, str))


def _check(messages: Sequence[RequestMessage]) -> None:
    if not messages or messages[-1].role != "user":
        raise BadInput("a history ends with a message of the user: that is what is answered")
    if len(messages) > LONGEST_HISTORY:
        raise BadInput(f"a history has at most {LONGEST_HISTORY} messages, not {len(messages)}; leave out the oldest")
    for message in messages:
        if message.role not in ("system", "user", "assistant"):
            raise BadInput(f"a message is of the system, the user or the assistant, not of {message.role!r}")
        if not any(item.strip() if isinstance(item, str) else True for item in message.items):
            raise BadInput(f"a message of the {message.role} is empty")
        length = sum(len(item) for item in message.items if isinstance(item, str))
        if length > LONGEST_TEXT:
            raise BadInput(f"a message has {length:,} characters; at most {LONGEST_TEXT:,} fit: shorten it")
