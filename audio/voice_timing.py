"""Computes when each written word of a phrase is spoken, from letters and the durations of a synthesiser."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from audio.chunk import Samples

# A word is what spaces enclose; in Chinese and Japanese, which write none, a character with the punctuation after it.
UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
WRITTEN_WORD = re.compile(rf"[{UNSPACED}][^\s\w]*|[^\s{UNSPACED}]+")


def written_words(phrase: str) -> list[str]:
    """The words of a phrase, each with its punctuation."""
    return WRITTEN_WORD.findall(phrase)


@dataclass(frozen=True, slots=True)
class WordTime:
    """One written word (with its punctuation) and the seconds of the sound between which it is spoken."""

    word: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, eq=False)
class SpokenPhrase:
    """`phrase` as sound, (n,) float32; `words` are its `written_words`, in order.

    `exact`: the times come from the synthesiser's phoneme durations, else they are in proportion to letters.
    """

    phrase: str
    samples: Samples
    words: tuple[WordTime, ...]
    exact: bool

    def heard(self, seconds: float) -> str:
        """The beginning of the phrase whose words were all complete after `seconds` of sound."""
        end = 0
        for match, word in zip(WRITTEN_WORD.finditer(self.phrase), self.words, strict=True):
            if word.end_s > seconds:
                break
            end = match.end()
        return self.phrase[:end]


@dataclass(frozen=True, slots=True)
class SoundingWord:
    """A word as the synthesiser reads it ("percent" of "10%") and the seconds it takes."""

    word: str
    start_s: float
    end_s: float


def align_words(written: Sequence[str], sounding: Sequence[SoundingWord]) -> tuple[WordTime, ...]:
    """Times of the written words, from those of the words that are read for them.

    Words that both sequences have are matched; a stretch that was rewritten ("9:05" to "nine oh five") shares its
    time among its written words in proportion to their letters.
    """
    times: list[WordTime] = []
    now = sounding[0].start_s if sounding else 0.0
    pairs = SequenceMatcher(None, [_bare(w) for w in written], [_bare(s.word) for s in sounding], autojunk=False)
    for tag, first, last, begin, end in pairs.get_opcodes():
        if tag == "equal":
            times += [
                WordTime(word, sound.start_s, sound.end_s)
                for word, sound in zip(written[first:last], sounding[begin:end], strict=True)
            ]
        else:
            until = sounding[end - 1].end_s if end > begin else now
            times += times_by_length(written[first:last], now, until)
        now = times[-1].end_s if times else now
    return tuple(times)


def times_by_length(words: Sequence[str], start_s: float, end_s: float) -> tuple[WordTime, ...]:
    """Divides the time from `start_s` to `end_s` in proportion to the number of letters of each word."""
    weights = [len(_bare(word)) or 1 for word in words]
    total, done, times = sum(weights), 0, []
    for word, weight in zip(words, weights, strict=True):
        begin = start_s + (end_s - start_s) * done / total
        done += weight
        times.append(WordTime(word, begin, start_s + (end_s - start_s) * done / total))
    return tuple(times)


def _bare(word: str) -> str:
    return re.sub(r"\W", "", word).casefold()
