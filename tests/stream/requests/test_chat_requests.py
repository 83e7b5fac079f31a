"""Histories of messages: what an engine is fed for pictures, recordings and films, and what is refused."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from audio.chunk import Chunk
from dialogue.blocks import Block, PictureBlock, ReplyBlock, SceneBlock, SoundBlock, SystemBlock, TextBlock
from dialogue.engine import Capabilities
from dialogue.errors import BadInput
from dialogue.llm.generation_config import GenerationConfig
from dialogue.tools.tool import Tool
from stream.models.setup import SETUPS
from stream.requests.chat_requests import DEFAULT_OPTIONS, LONGEST_TEXT, ChatRequests, RequestOptions
from stream.requests.request_message import Film, Recording, RequestMessage
from tests.stream.toy_parts import ToyEngine, ToyTranscriber, toy_parts
from tests.virtual_time import run_in_virtual_time
from vision.picture import Picture
from vision.seeing.look import SceneUpdate

PICTURE = Picture(np.full((48, 64, 3), 90, np.uint8), 0.0)
SOUND = Recording(np.full(16_000, 0.5, np.float32))


AGAIN = [RequestMessage("assistant", ["y"]), RequestMessage("user", ["z"])]


class SensingEngine(ToyEngine):
    can = Capabilities(hears=True, sees=True, speaks=False)


@dataclass
class KeepingVision:
    """Vision models that keep the pictures they were given and recognise light."""

    studied: list[Picture] = field(default_factory=list)
    looks: list[SceneUpdate] = field(default_factory=list)
    glanced: list[Picture] = field(default_factory=list)

    def study(self, picture: Picture, look: SceneUpdate) -> SceneUpdate:
        self.studied.append(picture)
        self.looks.append(look)
        look.scene.lit("bright", ["grey"], picture.at)
        return look

    def glance(self, look: SceneUpdate, picture: Picture) -> None:
        self.glanced.append(picture)
        look.scene.lit("dark", ["black"], picture.at)

    def read(self, look: SceneUpdate, picture: Picture) -> None:
        look.read((), (), picture.at)


def answered(
    messages: list[RequestMessage],
    engine: ToyEngine | None = None,
    *,
    says: str = "What do you see?",
    setup: str = "remote",
    vision_models: Any = None,
    request_options: RequestOptions = DEFAULT_OPTIONS,
) -> tuple[str, list[Block]]:
    """Returns the reply and all blocks that the engine was fed."""
    engine = engine or ToyEngine(["Fine."])

    async def main() -> str:
        parts = toy_parts(lambda: engine, ToyTranscriber(says), vision_models or KeepingVision())
        try:
            return "".join(
                [piece async for piece in ChatRequests(parts, SETUPS[setup]).answer(messages, None, request_options)]
            )
        finally:
            parts.close()

    reply = run_in_virtual_time(main())
    assert engine.closed
    return reply.strip(), engine.fed


def test_a_history_is_fed_in_its_order() -> None:
    reply, fed = answered(
        [
            RequestMessage("system", ["Be brief."]),
            RequestMessage("user", ["Hello."]),
            RequestMessage("assistant", ["Hi!"]),
            RequestMessage("user", ["And", "now?"]),
        ],
        ToyEngine(["First.", "Second."]),
    )
    assert reply == "Second."
    given = [(type(block), block.text) for block in fed if isinstance(block, SystemBlock | TextBlock | ReplyBlock)]
    assert given == [
        (SystemBlock, "Be brief."),
        (TextBlock, "Hello."),
        (ReplyBlock, "Hi!"),
        (TextBlock, "And now?"),
    ]
    times = [block.start for block in fed if isinstance(block, TextBlock | ReplyBlock)]
    assert times == sorted(times)


def test_a_picture_becomes_a_scene_for_an_engine_that_cannot_see() -> None:
    vision_models = KeepingVision()
    _reply, [scene, question] = answered(
        [RequestMessage("user", [PICTURE, "Is it bright?"])], vision_models=vision_models
    )
    assert isinstance(scene, SceneBlock)
    assert scene.camera
    assert any(fact.kind == "light" and fact.label == "bright" for fact in scene.facts)
    assert isinstance(question, TextBlock)
    assert len(vision_models.studied) == 1


def test_a_multimodal_engine_gets_pictures_and_sound() -> None:
    engine = SensingEngine(["Fine."])
    _reply, fed = answered([RequestMessage("user", [PICTURE, SOUND, "What is it?"])], engine)
    assert [type(block) for block in fed] == [PictureBlock, SoundBlock, TextBlock]


def test_a_recording_alone_asks_its_own_question() -> None:
    reply, [question] = answered([RequestMessage("user", [SOUND])], says="How are you?")
    assert reply == "Fine."
    assert isinstance(question, TextBlock)
    assert question.text == "How are you?"


def test_a_question_about_a_recording_comes_with_its_words() -> None:
    _reply, [question] = answered([RequestMessage("user", [SOUND, "Is that true?"])], says="The sea is dry.")
    assert isinstance(question, TextBlock)
    assert question.text == "Is that true?\nThe recording says: “The sea is dry.”"


@pytest.mark.parametrize(
    ("setup", "asked"),
    [
        ("remote", "What is being said?"),
        ("remote", "Please transcribe this."),
        ("remote", "what did she say at the end"),
        ("laptop", "Is that true?"),
    ],
)
def test_words_are_quoted_where_they_are_asked_for_or_would_be_made_up(setup: str, asked: str) -> None:
    reply, fed = answered([RequestMessage("user", [SOUND, asked])], says="The sea is dry.", setup=setup)
    assert reply == "The recording says: “The sea is dry.”"
    assert fed == []


def test_a_recording_without_words_says_so() -> None:
    reply, _fed = answered([RequestMessage("user", [SOUND])], says="")
    assert reply == "I could not make out any words in the recording."


def test_a_film_alone_is_its_last_scene_and_its_words_are_the_question() -> None:
    vision_models = KeepingVision()
    chunks = [Chunk(np.full(16_000, 0.5, np.float32), 16_000, second * 16_000) for second in range(3)]
    pictures = [replace(PICTURE, at=float(second)) for second in range(3)]
    perceived = [each for pair in zip(pictures, chunks, strict=True) for each in pair]
    _reply, fed = answered([RequestMessage("user", [Film(perceived)])], says="Is it dark?", vision_models=vision_models)
    assert [picture.at for picture in vision_models.glanced] == [0.0, 1.0, 2.0]
    assert [type(block) for block in fed] == [SceneBlock, TextBlock]
    assert isinstance(fed[1], TextBlock)
    assert fed[1].text == "Is it dark?"


def test_the_typed_question_about_a_film_comes_with_what_is_said_in_it_and_when() -> None:
    silence, speech = np.zeros(2 * 16_000, np.float32), np.full(16_000, 0.5, np.float32)
    chunks = [Chunk(silence, 16_000, 0), Chunk(speech, 16_000, 32_000), Chunk(silence, 16_000, 48_000)]
    _reply, [scene, question] = answered(
        [RequestMessage("user", [Film([PICTURE, *chunks]), "What does the sign say?"])], says="Hello there."
    )
    assert isinstance(scene, SceneBlock) and isinstance(question, TextBlock)
    assert question.text == "What does the sign say?\nSaid in the film: at 0:02 “Hello there.”"


def test_words_that_are_asked_for_are_quoted_from_a_film() -> None:
    chunk = Chunk(np.full(16_000, 0.5, np.float32), 16_000, 0)
    reply, _fed = answered([RequestMessage("user", [Film([PICTURE, chunk]), "What does she say?"])], says="Good bye.")
    assert reply == "The film says: “Good bye.”"


def test_a_film_without_words_is_answered_from_its_pictures() -> None:
    chunk = Chunk(np.zeros(16_000, np.float32), 16_000, 0)
    reply, fed = answered([RequestMessage("user", [Film([PICTURE, chunk]), "What does the sign say?"])], says="")
    assert reply == "Fine."
    assert [type(block) for block in fed] == [SceneBlock, TextBlock]


def test_the_pictures_of_a_history_are_seen_in_one_scene_in_order() -> None:
    vision_models = KeepingVision()
    _reply, fed = answered(
        [
            RequestMessage("user", [PICTURE, PICTURE, "And?"]),
            RequestMessage("assistant", ["Fine."]),
            RequestMessage("user", [PICTURE, "And now?"]),
        ],
        vision_models=vision_models,
    )
    assert len({id(look) for look in vision_models.looks}) == 1
    times = [picture.at for picture in vision_models.studied]
    assert times == sorted(set(times))
    scenes = [block.at for block in fed if isinstance(block, SceneBlock)]
    assert scenes == times
    questions = [block for block in fed if isinstance(block, TextBlock)]
    assert questions[0].text.startswith("And?\nPicture 1: ") and "\nPicture 2: " in questions[0].text
    assert [question.start for question in questions] == [times[1], times[2]]


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([], "message must have role 'user'"),
        (
            [RequestMessage("user", ["Hi"]), RequestMessage("assistant", ["Hello"])],
            "message must have role 'user'",
        ),
        ([RequestMessage("user", [])], "A message with role 'user' is empty"),
        ([RequestMessage("user", ["  "])], "A message with role 'user' is empty"),
        ([RequestMessage("ghost", ["Boo"]), RequestMessage("user", ["Hi"])], "not 'ghost'"),  # type: ignore[arg-type]  # refused
        ([RequestMessage("assistant", [PICTURE]), RequestMessage("user", ["Hi"])], "may hold text only"),
        ([RequestMessage("user", ["x" * 5_000_000])], "5,000,000 characters; at most 4,000,000 fit"),
        (
            [RequestMessage("user", ["x" * 100_000]), *AGAIN],
            f"100,000 characters; at most {LONGEST_TEXT:,} fit",
        ),
        ([RequestMessage("user", ["Hi"])] * 1001, "at most 1000 messages"),
    ],
)
def test_an_unanswerable_question_gets_a_reason(messages: list[RequestMessage], complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        answered(messages)


def test_two_answers_at_once_do_not_mix() -> None:
    engines = [ToyEngine(["One."], pace_s=0.3), ToyEngine(["Two."], pace_s=0.1)]

    async def main() -> list[str]:
        waiting = list(engines)
        parts = toy_parts(lambda: waiting.pop(0), vision_models=KeepingVision())
        chat_requests = ChatRequests(parts, SETUPS["remote"])

        async def ask(text: str) -> str:
            return "".join([piece async for piece in chat_requests.answer([RequestMessage("user", [text])])])

        try:
            return list(await asyncio.gather(ask("first"), ask("second")))
        finally:
            parts.close()

    assert [reply.strip() for reply in run_in_virtual_time(main())] == ["One.", "Two."]
    assert [[block.text for block in engine.fed if isinstance(block, TextBlock)] for engine in engines] == [
        ["first"],
        ["second"],
    ]


def test_the_generation_config_is_set_before_anything_is_fed() -> None:
    class ConfiguredEngine(ToyEngine):
        given: GenerationConfig | None = None

        def configure(self, generation: GenerationConfig) -> None:
            assert not self.fed
            self.given = generation

    engine = ConfiguredEngine(["Fine."])
    answered(
        [RequestMessage("user", ["Hello"])], engine, request_options=RequestOptions(GenerationConfig(temperature=0))
    )
    assert engine.given == GenerationConfig(temperature=0)


@pytest.mark.parametrize(
    ("request_options", "complaint"),
    [
        (RequestOptions(GenerationConfig(temperature=0)), "takes no sampling parameters"),
        (RequestOptions(tools=(Tool("open", "", {}, print),)), "calls no functions. Choose a model that does"),
    ],
)
def test_options_that_the_engine_lacks_are_refused(request_options: RequestOptions, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        answered([RequestMessage("user", ["Hello"])], request_options=request_options)
