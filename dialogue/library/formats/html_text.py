"""Reads the text of an HTML page, without scripts, styles, forms and what is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from dialogue.library.formats.plain_formats import decoded, under
from dialogue.library.passage import Section

_LEFT_OUT = {"script", "style", "noscript", "template", "svg", "nav", "form", "select", "button", "iframe"}
_HEADINGS = {f"h{level}" for level in range(1, 7)}
_BLOCKS = {
    *("p", "div", "li", "tr", "br", "section", "article", "table", "ul", "ol", "dd", "dt", "blockquote", "pre"),
    *("header", "footer", "main", "figcaption", *_HEADINGS),
}
_EMPTY = {"br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr"}


class _Text(HTMLParser):
    """Collects (heading, text) pairs."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[tuple[str, str]] = []
        self._heading, self._words = "", list[str]()
        self._in_heading = False
        self._left_out: list[str] = []  # open elements from the outermost one that is left out

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if self._left_out:
            if tag not in _EMPTY:
                self._left_out.append(tag)
            return
        given = dict(attributes)
        if tag in _LEFT_OUT or (tag not in _EMPTY and ("hidden" in given or given.get("aria-hidden") == "true")):
            self._left_out.append(tag)
        elif tag in _HEADINGS:
            self.flush()
            self._heading, self._in_heading = "", True
        elif tag in _BLOCKS:
            self._words.append("\n\n" if tag != "br" else "\n")
        elif tag in ("td", "th"):
            self._words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if self._left_out:
            if tag in self._left_out:
                del self._left_out[self._left_out.index(tag) :]
        elif tag in _HEADINGS:
            self._in_heading = False
        elif tag in _BLOCKS:
            self._words.append("\n\n")

    def handle_data(self, data: str) -> None:
        if self._left_out:
            return
        if self._in_heading:
            self._heading = " ".join(f"{self._heading} {data}".split())
        else:
            self._words.append(data)

    def flush(self) -> None:
        self.parts.append((self._heading, "".join(self._words)))
        self._words = []


def html_sections(path: Path) -> Iterator[Section]:
    """One section for each heading, with the text under it."""
    yield from markup_sections(decoded(path.read_bytes()))


def markup_sections(markup: str) -> Iterator[Section]:
    """The same for HTML in a string."""
    reading = _Text()
    reading.feed(markup)
    reading.close()
    reading.flush()
    for heading, text in reading.parts:
        yield from under(heading, text)
