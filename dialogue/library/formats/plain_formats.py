"""Reads text files: plain text, Markdown, subtitles (SRT) and tables (CSV)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from dialogue.library.passage import Section
from dialogue.text.time_words import clock_time

CUE_SECONDS = 30
LINES_TOGETHER = 400  # so that a file without empty lines has sections too
_HEADING = re.compile(r"#{1,6}\s+(.+?)\s*#*$")
_CUE = re.compile(r"(\d+):(\d\d):(\d\d)[,.]\d+\s*-->")
_TAG = re.compile(r"<[^>]*>|\{\\[^}]*\}")


def decoded(content: bytes) -> str:
    """UTF-8 or UTF-16 by its mark; anything else byte by byte, since old files are Latin-1."""
    for mark, name in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(name, "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def text_sections(path: Path) -> Iterator[Section]:
    """One section for each block of lines, with its first line."""
    start, block = 1, list[str]()
    for number, line in enumerate(decoded(path.read_bytes()).splitlines(), 1):
        if line.strip():
            start = start if block else number
            block.append(line)
        if block and (not line.strip() or len(block) >= LINES_TOGETHER):
            yield Section(f"line {start}", "\n".join(block))
            block = []
    if block:
        yield Section(f"line {start}", "\n".join(block))


def markdown_sections(path: Path) -> Iterator[Section]:
    """One section for each heading, with the text under it."""
    heading, block = "", list[str]()
    for line in decoded(path.read_bytes()).splitlines():
        found = _HEADING.match(line)
        if found is None:
            block.append(re.sub(r"[*_`]{1,3}(\S[^*_`]*)[*_`]{1,3}", r"\1", line))
            continue
        yield from under(heading, "\n".join(block))
        heading, block = found[1], []
    yield from under(heading, "\n".join(block))


def under(heading: str, text: str) -> Iterator[Section]:
    """The section under a heading, if there is text in it."""
    if text.strip():
        yield Section(f"under “{heading}”" if heading else "", f"{heading}.\n\n{text}" if heading else text)


def subtitle_sections(path: Path) -> Iterator[Section]:
    """One section for about half a minute, with the time at which it begins."""
    began, words = 0, list[str]()
    for block in re.split(r"\n\s*\n", decoded(path.read_bytes()).replace("\r\n", "\n")):
        cue = _CUE.search(block)
        if cue is None:
            continue
        at = int(cue[1]) * 3600 + int(cue[2]) * 60 + int(cue[3])
        if words and at - began >= CUE_SECONDS:
            yield Section(f"at {clock_time(began)}", " ".join(words))
            words = []
        began = began if words else at
        words += " ".join(_TAG.sub("", line) for line in block[cue.end() :].split("\n")[1:]).split()
    if words:
        yield Section(f"at {clock_time(began)}", " ".join(words))


def table_sections(path: Path) -> Iterator[Section]:
    """One section for each row, every value with the name of its column. Raises ValueError for what is no table."""
    text = decoded(path.read_bytes())
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:8192], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        rows = csv.reader(io.StringIO(text), dialect)
        names = [name.strip() for name in next(rows, [])]
        for number, row in enumerate(rows, 2):
            if line := _row(names, row):
                yield Section(f"row {number}", line)
    except csv.Error as error:
        raise ValueError(f"{path.name} is not a table that can be read: {error}.") from error


def _row(names: list[str], row: list[str]) -> str:
    named = [(names[place] if place < len(names) else "", value.strip()) for place, value in enumerate(row)]
    values = [f"{name}: {value}" if name else value for name, value in named if value]
    return f"{'; '.join(values)}." if values else ""
