"""Any `AutoModelForImageTextToText` as a turn-based engine that sees: MiniCPM-V 4.6, 4.7, OCR and many others.

A picture is encoded when it is fed. A reply prefills what is new since the last one where the model's cache can be
extended exactly, else the whole history. It can stop between any two tokens, and between the stages of its prompt. ASR
and TTS are the pipeline's. Starts no task and no thread and reads no clock.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial
from pathlib import Path

from dialogue.blocks import Block, PictureBlock, ReplyBlock, SystemBlock, TextBlock
from dialogue.engine import Capabilities, ContextUse, Delta, Engine, EngineFactories, Mark, Runner, TextDelta
from dialogue.errors import BadInput
from dialogue.image_text.image_text_model import ImageTextModel, Inputs, open_image_text_model
from dialogue.image_text.prefix_check import can_reuse_prefix
from dialogue.image_text.prompt_cache import PromptCache
from dialogue.image_text.token_stream import PrefilledReply, TokenStream
from dialogue.llm.device import device_for
from dialogue.llm.generation_config import GenerationConfig
from dialogue.llm.precision import Precision
from dialogue.llm.sampling import SamplingConfig
from dialogue.minicpm.chat.chat_history import ChatHistory
from dialogue.minicpm.chat.conversation import SAMPLING, HistoryTurn
from dialogue.minicpm.chat.request import EncodedPicture
from dialogue.prompts.seeing_instruction import INSTRUCTION

CHAT_TOKENS = 16_384  # of a chat request: a film is 64 pictures
CHAT_REPLY_TOKENS = 1024  # a page that is read out is longer than an answer in a call


def open_image_text(
    path: Path,
    runner: Runner,
    context_tokens: int = 4096,
    *,
    precision: Precision = "bfloat16",
    device: str = "auto",
    sampling: SamplingConfig = SAMPLING,
) -> Callable[[], Engine]:
    """Load a downloaded folder (blocking); returns a factory of sessions that share the weights.

    `device` "auto" takes a graphics card if torch finds one. Raises BadInput for an unusable folder and a
    context smaller than 3,072 tokens or larger than the model's.
    """
    device = device_for(device)
    seeing = open_image_text_model(path, precision, device)
    if context_tokens > seeing.max_tokens:
        raise BadInput(f"{seeing.name} has a context of {seeing.max_tokens} tokens; {context_tokens} is too large.")
    session = partial(ImageTextEngine, keeps=can_reuse_prefix(seeing))
    new_session = partial(session, seeing, runner, context_tokens, sampling)
    new_session()  # refuses a context of a bad size now, not in the first call
    room = max(context_tokens, min(CHAT_TOKENS, seeing.max_tokens))
    return EngineFactories(new_session, partial(session, seeing, runner, room, sampling, CHAT_REPLY_TOKENS))


class ImageTextEngine:
    """One session. `keeps`: the cache of the history is kept between replies (see `prefix_check`)."""

    can = Capabilities(hears=False, sees=True, speaks=False, in_order=True)

    def __init__(
        self,
        seeing: ImageTextModel,
        runner: Runner,
        limit: int,
        sampling: SamplingConfig = SAMPLING,
        reply_tokens: int | None = None,
        *,
        keeps: bool = False,
    ) -> None:
        self._seeing, self._run, self._sampling = seeing, runner, sampling
        self._history = ChatHistory(limit, seeing.shortened, INSTRUCTION)
        self._past = PromptCache(seeing) if keeps else None
        if reply_tokens:
            self._history.reply_tokens = min(reply_tokens, limit // 8)

    def configure(self, generation: GenerationConfig) -> None:
        """Comes before the first block. Raises BadInput for beams, or for an answer longer than half the context."""
        self._sampling = generation.without_beams().sampling_config(self._sampling)
        self._history.reply_tokens = generation.tokens(self._history.reply_tokens, self._history.limit // 2)

    async def feed(self, block: Block) -> None:
        """Sound, partial transcripts and scenes are ignored. Raises BadInput for an unusable picture."""
        match block:
            case SystemBlock(text):
                self._history.instruct(text)
            case PictureBlock(rgb):
                picture = EncodedPicture(rgb, max_slices=block.max_slices)
                see = self._past.encode if self._past is not None else self._seeing.picture_tokens
                self._history.show(block, picture, await self._run(see, picture))
            case TextBlock() | ReplyBlock():
                self._history.add(block)

    async def reply(self) -> AsyncGenerator[Delta, None]:
        """The answer to the last words or picture, a token a step; empty where there is neither."""
        self._history.make_room()
        turns = self._history.turns()
        if not turns or turns[-1].role != "user":
            return
        timeline = self._history.timeline
        if (recalled_answer := await self._history.record.recalled(self._run)) is not None:
            timeline.replying(recalled_answer.text)
            yield TextDelta(recalled_answer.text, recalled_answer.at)
            return
        writing = TokenStream(self._seeing, await self._prefill(turns), self._sampling)
        said = ""
        while writing.tokens < self._history.reply_tokens and (text := await self._run(writing.step)) is not None:
            if text:
                said += text
                timeline.replying(said)
                yield TextDelta(text)
        if text := writing.end():
            timeline.replying(said + text)
            yield TextDelta(text)

    async def _prefill(self, turns: Sequence[HistoryTurn]) -> Inputs | PrefilledReply:
        """Prefill the prompt, or the part of it that is new; the reply is generated from the result."""
        prompt = await self._run(self._past.prepare, turns) if self._past is not None else None
        if self._past is None or prompt is None:
            return await self._run(self._seeing.prompt, turns)
        while (begun := await self._run(self._past.advance, prompt)) is None:
            pass
        return begun

    async def mark(self) -> Mark:
        return Mark(self._history.timeline.position)

    async def rewind(self, mark: Mark) -> None:
        self._history.record.rewind(mark.position)

    async def close(self) -> None:
        """Free the session's log and cache."""
        self._history.record.close()
        if self._past is not None:
            self._past.clear()

    def context(self) -> ContextUse:
        return self._history.use()
