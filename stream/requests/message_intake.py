"""Takes a message of the user apart: feeds pictures, sound and scenes to the engine, keeps words for the question.

The pictures of a history are seen in order in one scene, so that its changes say what differs from one to the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field, replace

from audio.chunk import Chunk, Samples
from audio.growing_sound import GrowingSound
from dialogue.blocks import PictureBlock, SceneBlock, SoundBlock, TextBlock
from dialogue.engine import Engine
from dialogue.shown.shown_thing import SaidAt, ShownThing, View
from stream.media.media_file import up_to_picture
from stream.models.parts import Parts
from stream.perception.captioning import captioned
from stream.perception.seen_scene import scene_block
from stream.requests.request_message import Film, Recording, RequestMessage
from stream.showing.film_frames import FilmFrames
from stream.showing.film_speech import utterances_of
from vision.picture import Picture
from vision.reading.text_line import page_rows
from vision.seeing.look import SceneUpdate

MESSAGES_APART_S = 10.0
PICTURES_APART_S = 12.0  # beyond the time for which the text of an earlier picture counts as still in view
READ_FILM_EVERY_S = 2.0
MOST_FRAMES = 64  # of one film, for an engine that sees; evenly thinned out


@dataclass
class TakenMessage:
    """One message of the user after its pictures and sound went to the engine."""

    at: float  # session time of its end
    said: list[str] = field(default_factory=list)  # typed text
    heard: list[str] = field(default_factory=list)  # transcripts of recordings; empty for an engine that hears
    spoken: list[SaidAt] = field(default_factory=list)  # in films; empty for an engine that hears
    pictures: list[ShownThing] = field(default_factory=list)  # empty for an engine that sees
    sound: bool = False
    film: bool = False
    fed: bool = False  # the engine has typed or spoken words of the message already

    @property
    def question(self) -> str:
        """The typed text."""
        return " ".join(self.said).strip()


class MessageIntake:
    """Takes in the messages of one answer, in order."""

    def __init__(self, parts: Parts, engine: Engine) -> None:
        self._parts, self._engine = parts, engine
        self._look = SceneUpdate()  # of the pictures

    async def take(self, message: RequestMessage, at: float) -> TakenMessage:
        """`at`: session time of the message. Raises what the engine raises."""
        engine, taken = self._engine, TakenMessage(at)
        for item in message.items:
            match item:
                case str() if engine.can.in_order:
                    await engine.feed(TextBlock(item, at, at, typed=True))
                    taken.fed = True
                case str():
                    taken.said.append(item)
                case Picture():
                    await self._see(item, taken)
                case Recording(samples):
                    await self._hear(samples, taken)
                case Film(perceived):
                    await self._watch(perceived, taken)
        return taken

    async def _hear(self, samples: Samples, taken: TakenMessage) -> None:
        taken.sound = True
        if self._engine.can.takes_sound:
            await self._engine.feed(SoundBlock(samples, taken.at))
        if self._engine.can.hears:
            await self._feed_sound(samples, taken)
        elif transcript := await self._parts.threads.asr.run(self._transcribe, samples):
            taken.heard.append(transcript)

    async def _feed_sound(self, samples: Samples, taken: TakenMessage) -> None:
        await self._engine.feed(SoundBlock(samples, taken.at))
        taken.fed = True

    def _transcribe(self, samples: Samples) -> str:
        """With the slower and better decoding: nothing here is live."""
        assert self._parts.transcriber is not None, "An engine that cannot hear needs a transcriber."
        return self._parts.transcriber.transcribe(samples, careful=True).text

    def _transcribe_film(self, samples: Samples) -> list[SaidAt]:
        assert self._parts.transcriber is not None, "An engine that cannot hear needs a transcriber."
        return utterances_of(samples, self._parts.voice_activity, self._parts.transcriber)

    async def _see(self, picture: Picture, taken: TakenMessage) -> None:
        if self._engine.can.sees:
            await self._engine.feed(PictureBlock(picture.rgb, taken.at))
            return
        vision_models = self._parts.vision_models
        assert vision_models is not None, "An engine that cannot see needs vision models."
        if taken.pictures:
            taken.at += PICTURES_APART_S
        shown = Picture(picture.rgb, taken.at, picture.source)
        await self._parts.threads.vision.run(vision_models.study, shown, self._look)
        rows = tuple(page_rows(self._look.lines()))
        scene = scene_block(self._look, taken.at)
        scene = replace(scene, facts=tuple(fact for fact in scene.facts if fact.at >= taken.at))
        scene = await self._captioned(scene, picture)
        number = len(taken.pictures) + 1
        taken.pictures.append(ShownThing(number, 1, "picture", f"picture {number}", (View(scene, rows),)))
        await self._engine.feed(scene)

    async def _captioned(self, scene: SceneBlock, picture: Picture) -> SceneBlock:
        return await captioned(scene, picture, self._parts.captioner, self._parts.threads.captioner)

    async def _watch(self, perceived: Iterable[Chunk | Picture], taken: TakenMessage) -> None:
        """A film becomes frames for an engine that sees, else its last scene with the changes on the way there."""
        vision_models, thread, look = self._parts.vision_models, self._parts.threads.vision, SceneUpdate()
        sound = GrowingSound()
        last: Picture | None = None
        engine, at, read_at = self._engine, taken.at, float("-inf")
        scene, frames = SceneBlock((), "", at, camera=False), FilmFrames(MOST_FRAMES)
        async for each in _decoded(perceived):
            if isinstance(each, Chunk):
                sound.add(each.samples)
                continue
            taken.film = True
            if engine.can.sees:
                frames.add(each)
                continue
            assert vision_models is not None, "An engine that cannot see needs vision models."
            shown = Picture(each.rgb, at + each.at, each.source)
            await thread.run(vision_models.glance, look, shown)
            if each.at - read_at >= READ_FILM_EVERY_S:
                await thread.run(vision_models.read, look, shown)
                read_at = each.at
            scene, last = scene_block(look, at + each.at), each
        if last is not None:
            await engine.feed(await self._captioned(scene, last))
            taken.at = scene.at
        for frame in frames.chosen():
            await engine.feed(PictureBlock(frame.rgb, at + frame.at, of_film=True))
        if len(sound):
            await self._hear_film(sound.whole(), taken)

    async def _hear_film(self, samples: Samples, taken: TakenMessage) -> None:
        taken.sound = True
        if self._engine.can.hears:
            await self._feed_sound(samples, taken)
        else:
            taken.spoken += await self._parts.threads.asr.run(self._transcribe_film, samples)


async def _decoded(perceived: Iterable[Chunk | Picture]) -> AsyncIterator[Chunk | Picture]:
    """What is perceived; what is decoded on the way is decoded on a worker thread, up to a picture at a time."""
    if isinstance(perceived, Sequence):
        for each in perceived:
            yield each
        return
    source = iter(perceived)
    while pieces := await asyncio.to_thread(up_to_picture, source):
        for each in pieces:
            yield each
