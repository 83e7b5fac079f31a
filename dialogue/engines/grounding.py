"""Keeps what a model says about the scene to what its entries say: a doubt that it has is admitted, and a sentence that
they do not support is not said.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from dialogue.engine import Runner
from dialogue.engines.local_context import LocalContext
from dialogue.engines.local_llm import LocalLlm
from dialogue.llm.token_context import TokenContext
from dialogue.memory.keyframes import Keyframe
from dialogue.prompts.chat_script import ChatScript
from dialogue.prompts.dialogue_style import Doubt
from dialogue.prompts.figure_support import asks_for_figure, names_wrong_figure
from dialogue.prompts.scene_support import is_supported
from dialogue.prompts.scene_text import without_changes

CANNOT_TELL = "Sorry, I can't tell that."
# The probability that a question is about the scene, from which it is taken to be, and from which it may be.
SURE, LIKELY = 0.85, 0.3
COUNTED = 2  # tokens of a sentence, the least certain ones
_ENDED = re.compile(r"[.!?][\"”')]*\s")
# A question for advice has many right answers in many words: there little probability is no doubt about the scene.
_ADVICE = re.compile(r"\b(?:would|could|should|might)\b", re.IGNORECASE)
# Words of a question about what was there before: then older entries count too.
_PAST = re.compile(
    r"\b(?:was|were|had|did|before|earlier|ago|since|chang\w+|new|gone|got to|went|left|came|bec[ao]me|other)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SentenceCheck:
    """Which sentences of a reply are `bad`. A reply that begins with `doubt` says no more than that; a bad sentence is
    said all the same where it is `rescued`."""

    bad: Callable[[str], bool]
    doubt: str = ""
    rescued: Callable[[str], Awaitable[bool]] | None = None


class Grounding:
    """One session."""

    def __init__(self, llm: LocalLlm, runner: Runner, script: ChatScript, context: LocalContext) -> None:
        self._llm, self._run, self._script, self._context = llm, runner, script, context
        self._about = 0.0  # the probability that the last question is about the scene
        self._uncertain: bool | None = None  # whether the model hardly knew the words of the reply's first sentence

    async def opening(self, asked: str, context: TokenContext, *, sees: bool) -> int | None:
        """The token with which the reply begins where a doubt about what is in view is to be admitted. Judges by the
        way whether the question is about that; `sees` says that the camera is on."""
        doubt, judge = self._llm.style.doubt, self._llm.style.judge
        if doubt is None or judge is None or not self._entries(asked):
            return None
        shown = "\n" in asked  # pictures came with it
        self._about = 1.0 if shown else judge.probability(await self._run(context.hidden))
        if not sees or self._about < LIKELY or await self._doubts(context, doubt) < doubt.least:
            return None
        return self._llm.chat.encode(doubt.word)[0]

    async def can_answer(self, context: TokenContext) -> bool:
        """Whether the model has an answer in a context without the texts in view."""
        doubt = self._llm.style.doubt
        return doubt is None or await self._doubts(context, doubt) < doubt.unread

    async def _doubts(self, context: TokenContext, doubt: Doubt) -> float:
        """The probability that the reply begins with the word of doubt."""
        return float(await self._run(context.probability, self._llm.chat.encode(doubt.word)[0]))

    async def supported(self, asked: str, texts: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
        """`texts` up to the first sentence that is about the scene and not supported. What is about the world comes
        word by word, as it is written, unless it may be one of the figures in view."""
        self._about, self._uncertain = 0.0, None
        checked = _sentences(texts, lambda: self._check(asked))
        async with aclosing(texts), aclosing(checked):
            async for text in checked:
                yield text

    def _check(self, asked: str) -> SentenceCheck | None:
        """By what the question is about; known once `texts` have begun.

        | about the scene     | a sentence is bad where    | and said all the same                          |
        |---------------------|----------------------------|------------------------------------------------|
        | surely              | the entries say it not, or | never                                          |
        |                     | the model is uncertain     |                                                |
        | likely              | the same                   | if the model has no doubt without the scene    |
        | hardly, of a figure | the figure is another's    | never                                          |
        | hardly              | nowhere                    |                                                |
        """
        doubt, question, entries = self._llm.style.doubt, self._question(asked), self._entries(asked)

        def unsupported(sentence: str) -> bool:
            uncertain = not _ADVICE.search(question) and self._is_uncertain(sentence)
            return not is_supported(sentence, question, entries) or uncertain

        def wrong_figure(sentence: str) -> bool:
            return names_wrong_figure(sentence, question, entries)

        async def known(sentence: str) -> bool:
            assert doubt is not None, "there is none to check"
            return not wrong_figure(sentence) and await self._doubts_unseeing(question, doubt) < doubt.least

        if doubt is None or not entries:
            return None
        if self._about >= SURE:
            return SentenceCheck(unsupported, doubt.word)
        if self._about >= LIKELY:
            return SentenceCheck(unsupported, rescued=known)
        return SentenceCheck(wrong_figure) if asks_for_figure(question) else None

    def _is_uncertain(self, sentence: str) -> bool:
        """Whether the reply's first sentence has words that the model gave little probability; a refusal may have."""
        doubt = self._llm.style.doubt
        if self._uncertain is None:
            least = sorted(self._context.certainties)[:COUNTED]
            if doubt is None or not least or sentence.lstrip().startswith(doubt.word):
                self._uncertain = False
            else:
                self._uncertain = sum(least) / len(least) < doubt.uncertain
        return self._uncertain

    async def _doubts_unseeing(self, question: str, doubt: Doubt) -> float:
        """The doubt that the model has where it sees nothing: a text in view may sway its judgement. The question is
        asked in a context of its own, whose beginning is computed, so that the session's stays as it is."""
        context = await self._run(self._llm.new_context, self._script.system)
        await self._follow(context, self._script.alone(question))
        return await self._doubts(context, doubt)

    async def _follow(self, context: TokenContext, wanted: list[int]) -> None:
        while await self._run(context.follow, wanted, True):
            pass

    @staticmethod
    def _question(asked: str) -> str:
        """Without what was added to it about pictures."""
        return asked.split("\n", 1)[0]

    def _entries(self, asked: str) -> Sequence[str]:
        """What the question can be about: the newest entry of each kind, or all; and what was added about pictures."""
        question, *pictures = asked.split("\n")
        shown = [
            (entry.content.kind, self._script.shown(entry))
            for entry in self._script.entries
            if isinstance(entry.content, Keyframe)
        ]
        newest = [without_changes(line) for line in dict(shown).values()]
        return [*([line for _, line in shown] if _PAST.search(question) else newest), *pictures]


async def _sentences(
    texts: AsyncGenerator[str, None], check_of: Callable[[], SentenceCheck | None]
) -> AsyncGenerator[str, None]:
    """`texts`; with a check sentence by sentence up to the first bad one. A reply that begins with such a one, or with
    the word of doubt, becomes CANNOT_TELL."""
    check: SentenceCheck | None = None
    held, said, begun = "", False, False
    async for text in texts:
        check, begun = (check if begun else check_of()), True
        if check is None:
            yield text
            continue
        held += text
        # What a model adds to its doubt ("I can't see any") may be wrong again.
        if check.doubt and not said and held.lstrip().startswith(check.doubt):
            yield CANNOT_TELL
            return
        while ended := _ENDED.search(held):
            sentence = held[: ended.end()]
            if check.bad(sentence):
                held += "".join([text async for text in texts])
                break
            yield sentence
            held, said = held[ended.end() :], True
    if check is None or not held.strip():
        return
    if not check.bad(held) or (check.rescued is not None and await check.rescued(held)):
        yield held
    elif not said:
        yield CANNOT_TELL
