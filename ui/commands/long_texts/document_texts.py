"""The texts of documents that a command is asked about: read from files, and indexed."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dialogue.errors import BadInput
from dialogue.library.passage import Section
from stream.long_text.text_index import TextIndex
from stream.media.decoder_process import sections_of
from vision.reading.scanned_page import text_of_page

if TYPE_CHECKING:
    from dialogue.library.models import Embed
    from vision.reading.read_text import Reader

NamedText = tuple[str, Callable[[], Iterable[Section]]]  # a title, and what reads its sections


@cache
def page_reader() -> Reader:
    from vision.reading.read_text import Reader

    return Reader()


def sections_of_file(path: Path) -> Iterator[Section]:
    """Blocking. Raises BadInput for a file that cannot be read."""
    return sections_of(path, lambda rgb: text_of_page(page_reader(), rgb))


def named_sections(documents: Sequence[NamedText]) -> Iterator[Section]:
    """The sections of all documents; where there are several, each place begins with the document's title. Blocking."""
    for title, sections in documents:
        for section in sections():
            named = ", ".join(filter(None, (title, section.place))) if len(documents) > 1 else section.place
            yield Section(named, section.text)


@asynccontextmanager
async def filled(documents: Sequence[NamedText], embed: Embed) -> AsyncIterator[list[TextIndex]]:
    """An index of each document; shows the progress. Raises BadInput where there is no text."""
    with ExitStack() as stack:
        indexes = list[TextIndex]()
        for title, sections in documents:
            index = stack.enter_context(TextIndex(title, embed))
            done = 0
            async for done in index.fill(sections()):
                if sys.stderr.isatty():
                    print(f"\r\x1b[K{title[:60]}: {done} passages", end="", file=sys.stderr, flush=True)
            if not done:
                raise BadInput(f"{title}: there is no text to read.")
            indexes.append(index)
        if sys.stderr.isatty():
            print(file=sys.stderr)
        yield indexes
