"""Stage: takes in what the user shows, one thing after the other, and says on the way how far it is.

A thing that cannot be used gets a sentence; the call goes on.
"""

from __future__ import annotations

import asyncio
import base64
import shutil
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import count
from pathlib import Path

from dialogue.blocks import Block, PictureBlock, ShownBlock
from dialogue.engine import Capabilities
from dialogue.errors import BadInput
from dialogue.library.formats.reading import TEXT_FORMATS, is_document
from dialogue.library.passage import Section
from dialogue.shown.film_answers import summary
from dialogue.shown.shown_thing import PageText, ShownKind, ShownThing, View
from stream.media.decoder_process import page_pictures_of, sections_of
from stream.media.media_file import contents, perceive, read_picture
from stream.models.parts import Parts
from stream.perception.captioning import captioned
from stream.runtime.link import Link
from stream.runtime.queues import DropOldest
from stream.runtime.shown import FileShown, ShownChanged, ShownState
from stream.showing.film_watching import WatchedFilm, view_of, watch
from stream.showing.long_documents import LongDocuments
from stream.showing.shown_book import ShownBook
from vision.picture import Picture, Pixels
from vision.picture_time import taken_at
from vision.thumbnail import thumbnail

MOST_WAITING = 24  # files
FILM_PICTURES_PER_S = 2.0
MOST_PAGES = 4  # of a document, for an engine that sees
MOST_CHARACTERS = 4_000_000  # of a document
MOST_KEPT = 400_000  # of them, for answers by rule
MOST_SCANNED = 30  # pages without text that are read; a page takes seconds
LONGEST_TEXT = 600  # characters of what is said about a thing on the page
PROGRESS_EVERY = 0.02
KEPT = "It is kept in the library, for later calls too."
NO_VISION = "This model can neither see nor read it. Start the server with a model that can."


class ShowingStage:
    """One per session. `fed` is awaited once the engine has something to be fed."""

    def __init__(
        self,
        parts: Parts,
        can: Capabilities,
        book: ShownBook,
        link: Link,
        fed: Callable[[], Awaitable[None]],
        documents: LongDocuments | None = None,
    ) -> None:
        self._parts, self._can, self._book, self._link, self._fed = parts, can, book, link, fed
        self._documents = documents
        self.queue: DropOldest[FileShown] = DropOldest(MOST_WAITING)

    def show(self, shown: FileShown) -> None:
        """Takes a file, unless too many wait."""
        if len(self.queue) >= MOST_WAITING:
            self._link.emit(
                ShownChanged(shown.number, shown.path.name, "", "failed", text="Too many files are waiting.")
            )
            return
        self._book.begin(shown.number, shown.path.name)
        self._link.emit(ShownChanged(shown.number, shown.path.name, "", "waiting"))
        self.queue.put(shown)

    async def run(self) -> None:
        """Runs until cancelled."""
        try:
            while True:
                shown = await self.queue.get()
                try:
                    await self._take_in(shown)
                finally:
                    await asyncio.to_thread(shutil.rmtree, shown.path.parent, True)
        finally:
            if self._documents is not None:
                self._documents.close()

    async def _take_in(self, shown: FileShown) -> None:
        taking = _TakingIn(shown=shown, book=self._book, link=self._link)
        try:
            if not self._can.sees and self._parts.vision_models is None:
                raise BadInput(NO_VISION)
            thing, blocks, text = await self._understood(shown.path, taking)
        except (BadInput, ValueError) as error:
            self._book.fail(shown.number)
            taking.emit("failed", text=str(error))
            return
        text = " ".join(filter(None, (text, await self._kept(shown.path, thing.kind))))
        batch = self._book.batch_of(shown.number)
        self._book.add(replace(thing, number=shown.number, batch=batch), blocks)
        taking.emit("ready", 1.0, text)
        await self._fed()

    async def _kept(self, path: Path, kind: ShownKind) -> str:
        """Keeps a document in the library of the server, where there is one; returns what is said about that."""
        library = self._parts.library
        if library is None or kind != "document":
            return ""
        try:
            await library.take(path)
        except BadInput as error:
            return str(error)
        return KEPT

    async def _understood(self, path: Path, taking: _TakingIn) -> tuple[ShownThing, Sequence[Block], str]:
        """The thing, what the engine is fed, and what is said about it on the page."""
        if is_document(path):
            taking.kind = "document"
            return await self._document(path, taking)
        found = await asyncio.to_thread(contents, path)
        if found.kind == "picture":
            return await self._picture(path, taking)
        taking.kind = "film" if found.kind == "video" else "recording"
        taking.emit("reading")
        perceived = perceive(path, FILM_PICTURES_PER_S)
        watched = await watch(perceived, found.seconds, self._parts, self._can.sees, taking.progress)
        if watched.first is not None:
            taking.thumbnail = await asyncio.to_thread(_encoded, watched.first)
        return self._film(path, taking, watched)

    async def _picture(self, path: Path, taking: _TakingIn) -> tuple[ShownThing, Sequence[Block], str]:
        picture, at = await asyncio.to_thread(read_picture, path), self._link.now()
        taking.thumbnail = await asyncio.to_thread(_encoded, picture)
        taking.emit("reading")
        thing = ShownThing(0, 0, "picture", path.name, taken=await asyncio.to_thread(taken_at, path))
        if self._can.sees:
            return thing, [PictureBlock(picture.rgb, at)], ""
        view = await self._view(Picture(picture.rgb, at, "file"))
        return replace(thing, views=(view,)), [self._block(taking, view)], view.scene.description[:LONGEST_TEXT]

    async def _view(self, picture: Picture) -> View:
        view, parts = await view_of(picture, self._parts, closely=True), self._parts
        return replace(view, scene=await captioned(view.scene, picture, parts.captioner, parts.threads.captioner))

    def _block(self, taking: _TakingIn, view: View) -> ShownBlock:
        return ShownBlock(f"{taking.kind} {taking.number}", view.scene.facts, self._link.now())

    def _film(self, path: Path, taking: _TakingIn, watched: WatchedFilm) -> tuple[ShownThing, Sequence[Block], str]:
        at = self._link.now()
        thing = ShownThing(
            taking.number,
            0,
            taking.kind,
            path.name,
            tuple(watched.views),
            tuple(watched.said),
            seconds=watched.seconds,
        )
        blocks = [PictureBlock(frame.rgb, at, of_film=True) for frame in watched.frames]
        return thing, blocks, summary(thing)[:LONGEST_TEXT]

    async def _document(self, path: Path, taking: _TakingIn) -> tuple[ShownThing, Sequence[Block], str]:
        pictures: list[Picture] = []
        if path.suffix.lower() == ".pdf":
            most = MOST_PAGES if self._can.sees else 1
            pictures = await asyncio.to_thread(lambda: list(page_pictures_of(path, most)))
        if pictures:
            taking.thumbnail = await asyncio.to_thread(_encoded, pictures[0])
        taking.emit("reading")
        pages = await self._pages(path, taking)
        if not pages and not self._can.sees:
            raise BadInput(f"{path.name} has no text that can be read.")
        thing = ShownThing(0, 0, "document", path.name, pages=tuple(pages))
        at = self._link.now()
        blocks = [PictureBlock(page.rgb, at) for page in pictures] if self._can.sees else []
        count = f"{len(pages)} parts" if len(pages) != 1 else "One part"
        beginning = " ".join(pages[0].text.split()) if pages else ""
        return thing, blocks, f"{count}. It begins: “{beginning[:200]}”" if beginning else ""

    async def _pages(self, path: Path, taking: _TakingIn) -> list[PageText]:
        """The beginning of the text, page by page; what is on pages without text is read, where the engine does not see
        them. All of the text is indexed, where there is an embedder."""
        loop, scanned = asyncio.get_running_loop(), count()

        def read(rgb: Pixels) -> str:
            models = self._parts.vision_models
            if self._can.sees or models is None or next(scanned) >= MOST_SCANNED:
                return ""
            reading = self._parts.threads.vision.run(models.page_text, rgb)
            return asyncio.run_coroutine_threadsafe(reading, loop).result()

        text = _Noted()
        bytes_of_text = await asyncio.to_thread(_bytes, path) if path.suffix.lower() in TEXT_FORMATS else 0
        sections = text.noted(sections_of(path, read))
        if self._documents is None:
            await asyncio.to_thread(list, sections)
            return text.pages
        async with aclosing(self._documents.read(taking.number, path.stem, sections)) as steps:
            async for characters in steps:
                taking.progress(min(0.99, characters / bytes_of_text) if bytes_of_text else 0.0)
        return text.pages


def _bytes(path: Path) -> int:
    return path.stat().st_size


class _Noted:
    """The beginning of a text that passes through."""

    def __init__(self) -> None:
        self.pages: list[PageText] = []

    def noted(self, sections: Iterable[Section]) -> Iterator[Section]:
        """The sections with text, up to MOST_CHARACTERS."""
        length = 0
        for section in sections:
            if section.text.strip():
                if length < MOST_KEPT:
                    self.pages.append(PageText(section.place, section.text))
                length += len(section.text)
                yield section
            if length >= MOST_CHARACTERS:
                break


class _TakingIn:
    """One file on its way, as it is reported."""

    def __init__(self, shown: FileShown, book: ShownBook, link: Link) -> None:
        self.number, self._name, self._book, self._link = shown.number, shown.path.name, book, link
        self.kind: ShownKind = "picture"
        self.thumbnail = ""
        self._reported = 0.0

    def progress(self, done: float) -> None:
        if done - self._reported >= PROGRESS_EVERY:
            self._reported = done
            self.emit("reading", done)

    def emit(self, state: ShownState, done: float = 0.0, text: str = "") -> None:
        if state == "reading":
            self._book.progress(self.number, self.kind, done)
        sent, self.thumbnail = self.thumbnail, ""
        self._link.emit(ShownChanged(self.number, self._name, self.kind, state, done, text, sent))


def _encoded(picture: Picture) -> str:
    return base64.b64encode(thumbnail(picture.rgb)).decode()
