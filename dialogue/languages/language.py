"""A language as data: its words for things, numbers, spans and times, the questions that are answered exactly, and what
is said then. One TOML file for each in tables/.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from dialogue.languages.homophones import by_sound, corrected

ENGLISH = "en"
TABLES = Path(__file__).with_name("tables")
# The codes of ISO 639-1, English first.
CODES: tuple[str, ...] = (ENGLISH, *sorted(path.stem for path in TABLES.glob("*.toml")))
_THING = "@"
# Marks of Latin letters alone: those of kana and Devanagari make other letters.
_ACCENT = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[\w\u0900-\u0963]+")


@dataclass(frozen=True)
class Noun:
    """A detector label in this language. `one` is the word with its article, or the measure word of Chinese before it;
    `words` are all by which it is recognised."""

    label: str
    one: str
    many: str
    words: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Language:
    """`table` is the file's content. `plain` makes words comparable; patterns are searched in plain words."""

    code: str
    table: Mapping[str, Any]

    @property
    def spaced(self) -> bool:
        """Whether spaces separate its words."""
        return bool(self.table.get("spaced", True))

    @property
    def own_name(self) -> str:
        return str(self.table["own_name"])

    @property
    def speakers(self) -> tuple[str, ...]:
        """The names of the Kokoro voices that speak it, the default first."""
        return tuple(self.table["speakers"])

    def say(self, key: str, **values: str) -> str:
        """A sentence of the table, with its values."""
        return str(self.table["say"][key]).format(**values)

    def listed(self, items: list[str]) -> str:
        """The items as a spoken list."""
        comma, last = self.table["list"]
        return str(last).join(filter(None, (comma.join(items[:-1]), *items[-1:])))

    def plain(self, text: str) -> str:
        """Lower-case words without accents of Latin letters and without punctuation; where no spaces are written,
        without those as well."""
        decomposed = unicodedata.normalize("NFKD", text.lower())
        base = unicodedata.normalize("NFC", _ACCENT.sub("", decomposed))
        return ("" if not self.spaced else " ").join(_WORD.findall(base))

    def consists_of(self, plain: str, words: str) -> bool:
        """Whether plain words are one or more of the pattern `words`, and nothing else."""
        return re.fullmatch(rf"(?:(?:{words})(?: |$))+" if self.spaced else rf"(?:{words})+", plain) is not None

    @cached_property
    def nouns(self) -> Mapping[str, Noun]:
        """By label."""
        return {label: self._noun(label, row) for label, row in self.table["things"].items()}

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        return {word: noun.label for noun in reversed(list(self.nouns.values())) for word in noun.words}

    @cached_property
    def _any_word(self) -> re.Pattern[str]:
        words = "|".join(map(re.escape, sorted(self._labels, key=len, reverse=True)))
        if self.spaced:
            return re.compile(rf"(?<!\S)(?:{words})(?!\S)")
        counted = self.table.get("not_after")
        return re.compile(rf"(?<![{counted}])(?:{words})" if counted else words)

    def masked(self, plain: str) -> tuple[str, list[str]]:
        """Plain words with every named thing replaced by @, and the labels in order."""
        labels: list[str] = []

        def mask(found: re.Match[str]) -> str:
            labels.append(self._labels[found.group()])
            return _THING

        return self._any_word.sub(mask, plain), labels

    def corrected(self, plain: str) -> str:
        """Plain words without slips of the recogniser, where it writes by sound."""
        return corrected(plain, self._sounds) if self._sounds else plain

    @cached_property
    def _sounds(self) -> Mapping[tuple[str, ...], str]:
        known = self.table.get("by_sound")
        return by_sound([*known, *self._labels]) if known else {}

    @cached_property
    def questions(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """(kind, pattern), those that count first."""
        asked = self.table["ask"]
        kinds = [(kind, patterns) for kind, patterns in asked.items() if isinstance(patterns, list)]
        return tuple((kind, re.compile(pattern)) for kind, patterns in kinds for pattern in patterns)

    def _noun(self, label: str, row: str) -> Noun:
        one, many, others = row.split("|")
        names = [many, *filter(None, others.split(","))]
        if self.spaced:
            names += [re.split(r"[ ']", one, maxsplit=1)[-1], *(f"{name}s" for name in filter(None, others.split(",")))]
        return Noun(label, one, many, tuple(dict.fromkeys(self.plain(name) for name in names)))


@cache
def language(code: str) -> Language:
    """The table of a language other than English. Raises KeyError for one that there is none of."""
    path = TABLES / f"{code}.toml"
    if not path.is_file():
        raise KeyError(code)
    return Language(code, tomllib.loads(path.read_text(encoding="utf-8")))
