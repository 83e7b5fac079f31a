"""Keeps what a model says about the scene to what its entries say: a doubt that it has is admitted, and a sentence that
they do not support is not said.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing

from dialogue.engine import Runner
from dialogue.engines.local_context import LocalContext
from dialogue.engines.local_llm import LocalLlm
from dialogue.llm.token_context import TokenContext
from dialogue.memory.keyframes import Keyframe
from dialogue.memory.timeline_log import TimelineLog
from dialogue.prompts.chat_script import ChatScript
from dialogue.prompts.dialogue_style import Doubt
from dialogue.prompts.figure_support import asks_for_figure, names_wrong_figure
from dialogue.prompts.scene_support import asks_about, is_supported, may_be_about
from dialogue.rules.scene_reference import refers_to_scene

_JUDGE = "Is this question about what your camera shows here: “{}” Answer yes or no."
CANNOT_TELL = "Sorry, I can't tell that."
_WHO = re.compile(r"\bwho(?:se|m)?\b", re.IGNORECASE)
_ENDED = re.compile(r"[.!?][\"”')]*\s")
# Words of a question about what was there before: then older entries count too.
_PAST = re.compile(
    r"\b(?:was|were|had|did|before|earlier|ago|since|chang\w+|new|gone|got to|went|left|came|bec[ao]me|other)\b",
    re.IGNORECASE,
)


class Grounding:
    """One session."""

    def __init__(self, llm: LocalLlm, runner: Runner, script: ChatScript, context: LocalContext) -> None:
        self._llm, self._run, self._script, self._context = llm, runner, script, context

    async def opening(self, asked: str, in_view: Collection[str], context: TokenContext) -> int | None:
        """The token with which the reply begins where a doubt about what is in view is to be admitted. `in_view` are
        labels."""
        doubt = self._llm.style.doubt
        if doubt is None or not (refers_to_scene(asked, in_view) or self._is_asked_about(asked)):
            return None
        return self._llm.chat.encode(doubt.word)[0] if await self._doubts(context, doubt) >= doubt.least else None

    async def can_answer(self, context: TokenContext) -> bool:
        """Whether the model has an answer in a context without the texts in view."""
        doubt = self._llm.style.doubt
        return doubt is None or await self._doubts(context, doubt) < doubt.unread

    async def _doubts(self, context: TokenContext, doubt: Doubt) -> float:
        """The probability that the reply begins with the word of doubt."""
        return float(await self._run(context.probability, self._llm.chat.encode(doubt.word)[0]))

    async def supported(
        self, asked: str, texts: AsyncGenerator[str, None], log: TimelineLog
    ) -> AsyncGenerator[str, None]:
        """`texts` up to the first sentence that is about the scene and not supported. What is about the world comes
        word by word, as it is written, unless it may be one of the figures in view."""
        question, entries, doubt = self._question(asked), self._entries(asked), self._llm.style.doubt

        def unsupported(sentence: str) -> bool:
            return not is_supported(sentence, question, entries)

        async def foreign(sentence: str, doubt: Doubt, least: float) -> bool:
            return not wrong_figure(sentence) and await self._doubts_unseeing(question, doubt) < least

        def wrong_figure(sentence: str) -> bool:
            return names_wrong_figure(sentence, question, entries)

        checked, maybe, figure = texts, may_be_about(question, entries), asks_for_figure(question)
        if doubt is None or not entries:
            pass
        elif self._is_asked_about(asked):
            checked = _sentences(texts, unsupported, doubt.word)
        elif maybe and await self._judges_about(question, log):
            checked = _sentences(texts, unsupported, rescued=lambda said: foreign(said, doubt, doubt.least))
        elif maybe and (figure or _WHO.search(question)):
            checked = _sentences(texts, unsupported, rescued=lambda said: foreign(said, doubt, doubt.unfounded))
        elif figure:
            checked = _sentences(texts, wrong_figure)
        async with aclosing(texts), aclosing(checked):
            async for text in checked:
                yield text

    async def _judges_about(self, question: str, log: TimelineLog) -> bool:
        """Whether the question is about the scene by the model's judgement. It takes the place of the question in the
        context, which costs two short prefills before the first word."""
        context = await self._context.follow(log, replying=True)
        await self._follow(context, self._script.instead(_JUDGE.format(question)))
        yes, no = [await self._run(context.probability, self._llm.chat.encode(word)[0]) for word in ("Yes", "No")]
        return bool(yes >= no)

    async def _doubts_unseeing(self, question: str, doubt: Doubt) -> float:
        """The doubt that the model has where it sees nothing: a text in view may sway its judgement. The question is
        asked in a context of its own, whose beginning is computed, so that the session's stays as it is."""
        context = await self._run(self._llm.new_context, self._script.system)
        await self._follow(context, self._script.alone(question))
        return await self._doubts(context, doubt)

    async def _follow(self, context: TokenContext, wanted: list[int]) -> None:
        while await self._run(context.follow, wanted, True):
            pass

    def _is_asked_about(self, asked: str) -> bool:
        if "\n" in asked:  # pictures came with it
            return True
        entries = self._entries(asked)
        return bool(entries) and asks_about(self._question(asked), entries, self._asked_first())

    def _asked_first(self) -> bool:
        """Whether nothing was said between the newest entry and the question."""
        before = self._script.entries[:-1]
        return not before or isinstance(before[-1].content, Keyframe)

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
        newest = list(dict(shown).values())
        return [*([line for _, line in shown] if _PAST.search(question) else newest), *pictures]


async def _sentences(
    texts: AsyncGenerator[str, None],
    bad: Callable[[str], bool],
    doubt: str = "",
    rescued: Callable[[str], Awaitable[bool]] | None = None,
) -> AsyncGenerator[str, None]:
    """`texts` sentence by sentence up to the first `bad` one; a reply that begins with it, or with `doubt`, becomes
    CANNOT_TELL. Where it is `rescued`, the bad sentence and all behind it are said all the same."""
    held, said = "", False
    async for text in texts:
        held += text
        # What a model adds to its doubt ("I can't see any") may be wrong again.
        if doubt and not said and held.lstrip().startswith(doubt):
            yield CANNOT_TELL
            return
        while ended := _ENDED.search(held):
            sentence = held[: ended.end()]
            if bad(sentence):
                held += "".join([text async for text in texts])
                break
            yield sentence
            held, said = held[ended.end() :], True
    if not held.strip():
        return
    if not bad(held) or (rescued is not None and await rescued(held)):
        yield held
    elif not said:
        yield CANNOT_TELL
