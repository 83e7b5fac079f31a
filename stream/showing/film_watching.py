"""Watches a film or hears a recording: views where the picture changes, and what is said, with times.

It runs beside the call: every step is short, so that the call's own steps on the same threads come in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from audio.chunk import Chunk
from dialogue.shown.shown_thing import SaidAt, View
from stream.media.media_file import start_of, up_to_picture
from stream.models.parts import Parts
from stream.perception.seen_scene import scene_block
from stream.showing.film_frames import FilmFrames
from stream.showing.film_speech import SpeechCutter, Stretch
from vision.frames.change import Sketch, moved, sketch
from vision.picture import Picture
from vision.reading.text_line import page_rows

MOST_VIEWS = 48  # of one film, for an engine that does not see
MOST_FRAMES = 8  # of one film, for one that does
LEAST_APART_S = 1.0


@dataclass
class WatchedFilm:
    """What was understood. `frames` are for an engine that sees, `first` is the film's first picture."""

    views: list[View] = field(default_factory=list)
    said: list[SaidAt] = field(default_factory=list)
    frames: list[Picture] = field(default_factory=list)
    first: Picture | None = None
    seconds: float = 0.0


async def watch(
    perceived: Iterable[Chunk | Picture], seconds: float, parts: Parts, sees: bool, on_progress: Callable[[float], None]
) -> WatchedFilm:
    """`seconds` is the length of the film, as far as it is known. Raises BadInput where it is damaged."""
    watched, cutter = WatchedFilm(seconds=seconds), SpeechCutter(parts.voice_activity)
    changes, frames = _Changes(max(LEAST_APART_S, seconds / MOST_VIEWS)), FilmFrames(MOST_FRAMES)
    source = iter(perceived)
    while pieces := await asyncio.to_thread(up_to_picture, source):
        for each in pieces:
            if isinstance(each, Picture):
                watched.first = watched.first or each
                watched.seconds = max(watched.seconds, each.at)
                if sees:
                    frames.add(each)
                    continue
                changed = await parts.threads.vision.run(changes.see, each)
                if changed is not None and len(watched.views) < MOST_VIEWS:
                    watched.views.append(await view_of(changed, parts, closely=False))
        sound = [each for each in pieces if isinstance(each, Chunk)]
        if sound:
            watched.seconds = max(watched.seconds, sound[-1].end_s)
            watched.said += await _transcribed(await asyncio.to_thread(_stretches, cutter, sound), parts)
        on_progress(min(1.0, watched.seconds and start_of(pieces[-1]) / watched.seconds))
    watched.said += await _transcribed(await asyncio.to_thread(lambda: list(cutter.end())), parts)
    watched.frames = frames.chosen()
    return watched


async def view_of(picture: Picture, parts: Parts, *, closely: bool) -> View:
    """What the vision models recognise in one picture."""
    models = parts.vision_models
    assert models is not None, "an engine that does not see has vision models"
    look = await parts.threads.vision.run(models.study, picture, None, closely)
    return View(scene_block(look, picture.at), tuple(page_rows(look.lines())), picture.at)


class _Changes:
    """Chooses the pictures of a film that show something else than the last chosen one, once they have settled."""

    def __init__(self, apart_s: float) -> None:
        self._apart_s = apart_s
        self._chosen: tuple[Sketch, float] | None = None
        self._moving: float | None = None  # since when the picture differs from the chosen one

    def see(self, picture: Picture) -> Picture | None:
        """The picture, at the time at which it began to differ, if it is chosen."""
        now, since = sketch(picture.rgb), picture.at
        if self._chosen is not None:
            before, at = self._chosen
            if picture.at - at < self._apart_s or not moved(before, now):
                self._moving = None
                return None
            if self._moving is None:
                self._moving = picture.at  # the next picture shows what has come
                return None
            since = self._moving
        self._chosen, self._moving = (now, picture.at), None
        return Picture(picture.rgb, since, picture.source)


async def _transcribed(stretches: list[Stretch], parts: Parts) -> list[SaidAt]:
    transcriber = parts.transcriber
    if transcriber is None:
        return []
    said = []
    for start_s, end_s, samples in stretches:
        heard = await parts.threads.asr.run(lambda samples=samples: transcriber.transcribe(samples, careful=True))
        if heard.text:
            said.append(SaidAt(heard.text, start_s, end_s))
    return said


def _stretches(cutter: SpeechCutter, sound: list[Chunk]) -> list[Stretch]:
    return [stretch for chunk in sound for stretch in cutter.push(chunk.samples)]
