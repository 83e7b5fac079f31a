"""MiniCPM-V 2.5 and V 2.6 as a turn-based engine that sees; ASR and TTS are the pipeline's.

`open_minicpm_v` also opens o 2.6 and o 4.5, which hear and speak and have engines of their own.

Prefill is incremental: a picture is encoded once, when it is fed; the instruction, the last reply and the picture are
in the KV cache before the user's words, in chunks of 64 tokens; a rewind keeps the common prefix. Partial transcripts
are not prefilled, because a picture stands before its words; what is left after an eviction is computed again. Starts
no task and no thread and reads no clock.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial
from pathlib import Path

from dialogue.blocks import Block, PictureBlock, ReplyBlock, SystemBlock, TextBlock
from dialogue.engine import Capabilities, ContextUse, Delta, Engine, EngineFactories, Mark, Runner, TextDelta
from dialogue.engines.minicpm.minicpm_chat import MiniCPMChatEngine
from dialogue.engines.minicpm.minicpm_o26 import MiniCPMO26Model
from dialogue.engines.minicpm.minicpm_o45 import MiniCPMO45Model, WindowName
from dialogue.errors import BadInput
from dialogue.llm.checkpoints.adapter import AdapterChoice, read_adapters
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.vocabulary import TextStream, shortened
from dialogue.llm.device import device_for
from dialogue.llm.precision import Precision
from dialogue.llm.sampling import SamplingConfig
from dialogue.minicpm.audio.mel import Samples
from dialogue.minicpm.chat.chat_context import ChatContext, PictureRows, encode_picture
from dialogue.minicpm.chat.chat_history import ChatHistory
from dialogue.minicpm.chat.conversation import SAMPLING, usual_sampling
from dialogue.minicpm.chat.request import EncodedPicture
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.checkpoints.opening import open_model
from dialogue.minicpm.kind import Kind, kind_of
from dialogue.minicpm.sessions.duplex_sampling import DuplexSampling
from dialogue.minicpm.speech.speech_backbone import VOICE
from dialogue.minicpm.speech.token2wav import Vocoder
from dialogue.minicpm.speech.token2wav_files import has_token2wav, open_token2wav
from dialogue.minicpm.speech.voice_o26 import ASSETS
from dialogue.prompts.seeing_instruction import INSTRUCTION, instruction_in
from dialogue.sizing.pace import PacedSessions


def open_minicpm_v(
    path: Path,
    runner: Runner,
    context_tokens: int = 4096,
    *,
    precision: Precision = "bfloat16",
    device: str = "auto",
    sampling: SamplingConfig | None = None,
    window: WindowName = "basic",
    voice: Samples | None = None,
    seed: int | None = None,
    adapters: Sequence[tuple[str, Path]] = (),
) -> Callable[[], Engine]:
    """Load a downloaded folder (blocking); returns a factory of sessions that share the weights.

    `device` "auto" takes a graphics card if torch finds one. `sampling` None takes the model's defaults. `adapters` are
    names and folders; a session of an o model keeps the first, since its context holds sound that is not kept and so
    cannot be computed again with another. For o models only: `voice` is a recording of the voice to speak with, 16 kHz;
    `seed` makes the draws of every session the same; `window` is what leaves o 4.5's context when it is full. Raises
    BadInput for an incomplete folder, a model that does not see, and a context smaller than 3,072 tokens or larger than
    the model's.
    """
    device = device_for(device)
    model = open_model(path, precision, device, adapters=read_adapters(adapters))
    if model.vision is None:
        raise BadInput(f"The checkpoint in {path} has no vision tower; choose a model that sees.")
    if context_tokens > model.decoder.config.max_positions:
        most = model.decoder.config.max_positions
        raise BadInput(f"{model.kind.value} has a context of {most} tokens; {context_tokens} is too large.")
    chat = partial(MiniCPMChatEngine, model, runner, sampling or usual_sampling(model.kind))
    if model.kind is Kind.O26:
        omni = MiniCPMO26Model(model, runner, context_tokens, sampling or SAMPLING, voice, seed)
        return EngineFactories(omni, chat)
    if model.kind is Kind.O45:
        style = DuplexSampling(sampling) if sampling else None
        new_vocoder = _vocoder_factory(path, device, voice)
        return EngineFactories(
            MiniCPMO45Model(model, runner, context_tokens, window, style, voice, new_vocoder, seed=seed), chat
        )
    new_session = partial(MiniCPMVEngine, model, runner, context_tokens, sampling or SAMPLING)
    new_session()  # refuses a context of a bad size now, not in the first call
    return EngineFactories(PacedSessions(new_session, model.decoder, context_tokens), chat)


def _vocoder_factory(path: Path, device: str, voice: Samples | None) -> Callable[[], Vocoder] | None:
    """The factory of o 4.5's vocoder, which needs a recording to speak like; None without one or without its files."""
    if voice is None or not has_token2wav(path):
        return None
    networks, reader = open_token2wav(path, device)
    return networks.voice(reader.read(voice))


def capabilities_of_folder(folder: Path, has_voice: bool = False) -> Capabilities:
    """What the engine of a downloaded folder does itself in a call, read from its file headers.

    `has_voice`: a recording to speak like is given. Raises BadInput for a folder that is not such a model.
    """
    checkpoint = Checkpoint(folder)
    kind = kind_of(checkpoint.config)
    sounds = (folder / ASSETS).is_dir() if kind is Kind.O26 else has_voice and has_token2wav(folder)
    speaks = checkpoint.has(f"{VOICE}emb_text.") and sounds
    return Capabilities(kind.hears, kind.sees, speaks, duplex=kind is Kind.O45)


class MiniCPMVEngine:
    """One session."""

    can = Capabilities(hears=False, sees=True, speaks=False)

    def __init__(self, model: MiniCPM, runner: Runner, limit: int, sampling: SamplingConfig = SAMPLING) -> None:
        self._model, self._run, self._limit, self._sampling = model, runner, limit, sampling
        self._history = ChatHistory(limit, partial(shortened, model.words), INSTRUCTION)
        self._seen: dict[EncodedPicture, PictureRows] = {}
        self._latest: PictureRows | None = None
        self._pictures_encoded = 0
        self._context: ChatContext | None = None  # made by the first step: a cache is large
        self.adapters = AdapterChoice(model.decoder.adapters, self._restart)

    def speak_to(self, language: str) -> None:
        self._history.instruct(instruction_in(language))

    async def feed(self, block: Block) -> None:
        """Prefills what it can ahead of the question. Sound, partial transcripts and scenes are ignored.

        Raises BadInput for an unusable picture and an instruction that is too long.
        """
        match block:
            case SystemBlock(text):
                self._history.instruct(text)
                await self._follow()
            case PictureBlock(rgb):
                seen = await self._encode(EncodedPicture(rgb, block.max_slices))
                self._seen[seen.picture] = seen
                self._history.show(block, seen.picture, seen.tokens)
                await self._follow()
            case TextBlock():
                self._history.add(block)  # prefilled by the reply, which is asked for at once
            case ReplyBlock():
                self._history.add(block)
                await self._follow()

    async def reply(self) -> AsyncGenerator[Delta, None]:
        """The answer to the last words, a token a step; empty where nothing was asked."""
        if not self._history.asked:
            return
        timeline = self._history.timeline
        if (recalled_answer := await self._history.record.recalled(self._run)) is not None:
            timeline.replying(recalled_answer.text)
            yield TextDelta(recalled_answer.text, recalled_answer.at)
            return
        context = await self._follow(replying=True)
        words, stops = TextStream(self._model.words), self._model.stops()
        ids: list[int] = []
        said = ""
        token = await self._run(context.choose, self._sampling)
        while token not in stops:
            ids.append(token)
            if text := words.add([token]):
                said += text
                timeline.replying(said)
                yield TextDelta(text)
            if len(ids) == self._history.reply_tokens:
                break
            token = await self._run(context.advance, token, self._sampling, tuple(ids))
        if text := words.end():
            timeline.replying(said + text)
            yield TextDelta(text)

    async def mark(self) -> Mark:
        return Mark(self._history.timeline.position)

    async def rewind(self, mark: Mark) -> None:
        """The cache follows lazily: the common prefix stays computed."""
        self._history.record.rewind(mark.position)

    async def close(self) -> None:
        """Free the session's cache, pictures and log."""
        self._context = self._latest = None
        self._seen.clear()
        self._history.record.close()

    def context(self) -> ContextUse:
        return self._history.use()

    async def _encode(self, picture: EncodedPicture) -> PictureRows:
        """Encode a picture; one that is fed again because its turn is prepared twice is not encoded again."""
        known = self._latest.picture if self._latest is not None else None
        if self._latest is None or known is None or not _same(known, picture):
            self._pictures_encoded += 1
            try:
                self._latest = await self._run(encode_picture, self._model, picture, self._pictures_encoded)
            except ValueError as error:
                raise BadInput(f"The picture cannot be used: {error}") from error
        latest = self._latest
        return PictureRows(picture, latest.plan, latest.features, latest.number)

    async def _follow(self, *, replying: bool = False) -> ChatContext:
        """Bring the cache in line with the history, one chunk a step."""
        self._history.make_room()
        turns = self._history.turns()
        shown = {part for turn in turns for part in turn.parts if isinstance(part, EncodedPicture)}
        self._seen = {picture: seen for picture, seen in self._seen.items() if picture in shown}
        if self._context is None:
            self._context = await self._run(ChatContext, self._model, self._limit, self.adapters.chosen)
        context = self._context
        keys = await self._run(context.lay_out, turns, self._seen, replying)
        while await self._run(context.follow, keys, replying):
            pass
        return context

    def _restart(self) -> None:
        """After a switch of adapters: the cache is computed again, from the pictures that are kept."""
        self._context = None


def _same(a: EncodedPicture, b: EncodedPicture) -> bool:
    """The same picture in the same detail."""
    return a.rgb is b.rgb and a.max_slices == b.max_slices
