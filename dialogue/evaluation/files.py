"""Reads the tables and lines that benchmarks are published as. Raises BadInput with the file and the line."""

from __future__ import annotations

import base64
import binascii
import csv
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dialogue.errors import BadInput

REFERENCE = 64  # a shorter text in place of a picture names the row that has it


def found(data: Path, *patterns: str) -> Path:
    """The file itself, or the first in the folder that fits a pattern."""
    if data.is_file():
        return data
    for pattern in patterns:
        for path in sorted(data.glob(pattern)):
            return path
    raise BadInput(f"{data} has no {' and no '.join(patterns)}.")


def table(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a table with tabs between the columns."""
    csv.field_size_limit(sys.maxsize)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                yield {name: value or "" for name, value in row.items() if name}
    except (OSError, csv.Error, UnicodeDecodeError) as odd:
        raise BadInput(f"{path} is no table: {odd}.") from odd


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    value = json.loads(line)
                    if not isinstance(value, dict):
                        raise BadInput(f"{path}, line {number}: it is no JSON object.")
                    yield value
    except (OSError, ValueError) as odd:
        raise BadInput(f"{path} cannot be read: {odd}.") from odd


def pictures(path: Path) -> Iterator[tuple[dict[str, str], tuple[bytes, ...]]]:
    """The rows of a table with their pictures, in base64 or as files beside the table; a row may name another's."""
    references = {name for row in table(path) if 0 < len(name := row.get("image", "")) <= REFERENCE}
    kept = {row["index"]: row["image"] for row in table(path) if row.get("index") in references} if references else {}
    for row in table(path):
        text = row.get("image", "")
        if len(text) <= REFERENCE:
            text = kept.get(text, "")
        yield row, tuple(_pictures(path, row, text))


def _pictures(path: Path, row: Mapping[str, str], text: str) -> Iterator[bytes]:
    try:
        if text:
            for each in json.loads(text.replace("'", '"')) if text.startswith("[") else [text]:
                yield base64.b64decode(each, validate=True)
        elif row.get("image_path"):
            yield (path.parent / row["image_path"]).read_bytes()
        else:
            raise BadInput(f"{path}: the row {row.get('index', '?')} has no picture.")
    except (binascii.Error, OSError, ValueError) as odd:
        raise BadInput(f"{path}: the picture of row {row.get('index', '?')} cannot be read: {odd}.") from odd
