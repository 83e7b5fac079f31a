"""The `Assistant`: answers about pictures, recordings and histories, and live calls, blocking or asynchronous."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack, overload

from audio.chunk import HEARING_RATE_HZ
from dialogue.errors import BadInput
from dialogue.sizing.free_memory import free_memory
from dialogue.tools.tool import Tool
from stream.models.setup import SETUPS, Setup
from stream.runtime.failures import plain_errors
from ui.api.assistant_backend import AssistantBackend, History
from ui.api.background_loop import BackgroundLoop
from ui.api.multimodal_history import messages_from_items
from ui.api.sync_and_async import sync_and_async
from ui.host.home import home as default_home
from ui.host.sleeping_threads import let_threads_sleep

if TYPE_CHECKING:
    from dialogue.llm.generation_config import GenerationOptions
    from dialogue.llm.precision import Precision
    from stream.requests.chat_requests import RequestOptions
    from ui.api.live_call import LiveCall

DESCRIBE = "What do you see?"
Tools = Sequence[Tool | Callable[..., Any]]
Form = Mapping[str, Any] | None  # of an answer, as in chat APIs


class Assistant:
    """Answers questions about pictures, recordings and histories, and holds live calls.

    May be used from any thread and any event loop. Models are loaded at the first question, and downloaded where they
    are missing; `close`, or leaving the `with` block, frees them. `setup` is a preset's name or a Setup; "laptop" takes
    the larger embedded language model where its weights are present and the machine is fast enough. `tools` are
    functions that the model may call besides the built-in ones: Python functions with type hints, or
    `Tool.described(schema, run)`. `home` is the folder of the weights, by default OMNILIVE_HOME or ~/.cache/omnilive.
    Raises BadInput for an unknown preset, and for tools where the engine calls no functions: at once, or at the first
    question if the model is chosen then.
    """

    def __init__(self, setup: str | Setup = "laptop", *, tools: Tools = (), home: Path | str | None = None) -> None:
        let_threads_sleep()
        from stream.models.tool_choice import with_tools

        if isinstance(setup, str) and setup not in SETUPS:
            raise BadInput(f"There is no setup {setup!r}. Choose one of {', '.join(SETUPS)}.")
        chosen = SETUPS[setup] if isinstance(setup, str) else setup
        if tools:
            chosen = with_tools(chosen, tools)
        self._backend = AssistantBackend(chosen, Path(home) if home else default_home())

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path,
        quantize: Precision | None = None,
        device: str = "auto",
        *,
        revision: str = "main",
        voice: Path | str | None = None,
        speaker_consents: bool = False,
        captioner: str | Path | None = None,
        adapter: str | Path | Mapping[str, str | Path] | None = None,
        context_tokens: int | None = None,
        tools: Tools = (),
        home: Path | str | None = None,
    ) -> Self:
        """An assistant with a model that you choose; the model is loaded when this returns.

        `model` is a hub id ("openbmb/MiniCPM-o-2_6"), downloaded once at `revision`, or a local folder: a MiniCPM
        (V 2.5, V 2.6, MiniCPM3, o 2.6, o 4.5), any image-text model of transformers, or a chat model (Llama 3, Qwen2,
        Qwen3, SmolLM2; also a .gguf file) that uses the embedded ASR, vision and TTS. `quantize` is the precision of
        the language model's weights ("int8", "int4"; None: bfloat16, or the fastest one of a chat model). `device` is
        "auto", "cpu", "cuda" or "cuda:1". `voice`, for o 2.6 and o 4.5, is a recording of the voice to clone and
        needs the speaker's consent: pass `speaker_consents=True`. `captioner`, for a model without vision, is an
        image-text model that describes pictures to it. `adapter` is the folder of a LoRA adapter in PEFT's format, or
        {name: folder} of several, for `LiveCall.use_adapter`. `context_tokens` is the size of the context, `tools` as
        for `Assistant`. Raises WeightsError, BadInput.
        """
        let_threads_sleep()
        from stream.models.any_model import model_setup
        from stream.models.model_choice import model_folder, named_folders, with_adapters, with_captioner, with_voice
        from stream.models.tool_choice import with_tools
        from stream.models.weights import WeightStore

        home = Path(home) if home else default_home()
        store = WeightStore(home)
        memory = free_memory()
        options: dict[str, Any] = {"precision": quantize, "device": device, "revision": revision}
        setup = model_setup(model, store, memory, context_tokens=context_tokens, **options)
        if captioner is not None:
            setup = with_captioner(setup, model_folder(captioner, store))
        if adapter is not None:
            setup = with_adapters(setup, named_folders(adapter))
        if voice is not None:
            setup = with_voice(setup, Path(voice), speaker_consents)
        if tools:
            setup = with_tools(setup, tools)
        assistant = cls(setup, home=home)
        try:
            with plain_errors():
                assistant._loop.run(assistant._backend.parts())
        except BaseException:
            assistant.close()
            raise
        return assistant

    async def _describe_image(
        self, image: Any, question: str = DESCRIBE, **generation: Unpack[GenerationOptions]
    ) -> str:
        """A description of `image` (a path, a file's bytes, a PIL image, or an array (H, W, 3) of uint8 in RGB), or
        the answer to `question` about it.

        `generation` are options of a model that you chose: sampling, temperature, top_p, top_k, repetition_penalty,
        num_beams, max_new_tokens (dialogue/llm/generation_config.py). Raises BadInput.
        """
        content = [{"type": "image", "image": image}, question or DESCRIBE]
        return await self._backend.reply([{"role": "user", "content": content}], _request_options(generation))

    describe_image, adescribe_image = sync_and_async(_describe_image)

    async def _answer_audio(
        self,
        audio: Any,
        question: str | None = None,
        *,
        rate: int = HEARING_RATE_HZ,
        speak: Path | str | None = None,
        **generation: Unpack[GenerationOptions],
    ) -> str:
        """The answer to the question spoken in `audio` (a path, a file's bytes, or an array of samples at `rate` Hz),
        or to `question` about it.

        `speak` names a WAV file to which the answer is also spoken; `generation` as for `describe_image`. Raises
        BadInput.
        """
        recording = {"type": "audio", "audio": audio, "rate": rate}
        content = [recording, question] if question else [recording]
        history = [{"role": "user", "content": content}]
        return await self._backend.reply(history, _request_options(generation), speak)

    answer_audio, aanswer_audio = sync_and_async(_answer_audio)

    async def _answer_audio_question(self, audio: Any, question: str, **generation: Unpack[GenerationOptions]) -> str:
        """The answer to `question` about `audio`, as in MiniCPM-o's demo; `answer_audio` has more options."""
        return await self._answer_audio(audio, question, **generation)

    answer_audio_question, aanswer_audio_question = sync_and_async(_answer_audio_question)

    async def _multimodal_chat(
        self, history: Sequence[Mapping[str, Any]], **generation: Unpack[GenerationOptions]
    ) -> str:
        """The next reply in a flat history, as in MiniCPM-o's demo.

        Items are {"type": "text" | "image" | "audio" | "video" | "assistant", "content": ...}; an "assistant" item is
        an earlier reply. `generation` as for `describe_image`. Raises BadInput.
        """
        return await self._backend.reply(messages_from_items(history), _request_options(generation))

    multimodal_chat, amultimodal_chat = sync_and_async(_multimodal_chat)

    @overload
    def chat(
        self,
        history: History,
        *,
        stream: Literal[False] = False,
        tools: Tools = (),
        response_format: Form = None,
        **generation: Unpack[GenerationOptions],
    ) -> str: ...
    @overload
    def chat(
        self,
        history: History,
        *,
        stream: Literal[True],
        tools: Tools = (),
        response_format: Form = None,
        **generation: Unpack[GenerationOptions],
    ) -> Iterator[str]: ...
    def chat(
        self,
        history: History,
        *,
        stream: bool = False,
        tools: Tools = (),
        response_format: Form = None,
        **generation: Unpack[GenerationOptions],
    ) -> str | Iterator[str]:
        """The next reply in `history`: [{"role": "system" | "user" | "assistant", "content": text or items}].

        ui/api/attachments.py lists the items: text, files, pictures, recordings and videos. With `stream` the reply
        comes in pieces; closing the iterator stops the model. `tools` are functions that the model may call for this
        reply, besides those of the assistant; one that asks for consent is left out, since nobody can be asked.
        `response_format` is the form of the answer as in OpenAI's API: {"type": "json_object"}, or {"type":
        "json_schema", "json_schema": {"name": ..., "schema": {...}}}; the answer is valid against the schema, or
        BadInput says why not. `generation` as for `describe_image`. Raises BadInput.
        """
        options = _request_options(generation, tools, response_format)
        if stream:
            return self._loop.each(self._backend.pieces(history, options))
        return self._loop.run(self._backend.reply(history, options))

    @overload
    async def achat(
        self,
        history: History,
        *,
        stream: Literal[False] = False,
        tools: Tools = (),
        response_format: Form = None,
        **generation: Unpack[GenerationOptions],
    ) -> str: ...
    @overload
    async def achat(
        self,
        history: History,
        *,
        stream: Literal[True],
        tools: Tools = (),
        response_format: Form = None,
        **generation: Unpack[GenerationOptions],
    ) -> AsyncIterator[str]: ...
    async def achat(
        self,
        history: History,
        *,
        stream: bool = False,
        tools: Tools = (),
        response_format: Form = None,
        **generation: Unpack[GenerationOptions],
    ) -> str | AsyncIterator[str]:
        """As `chat`. To stream: `async for piece in await assistant.achat(history, stream=True)`."""
        options = _request_options(generation, tools, response_format)
        if stream:
            return self._loop.aeach(self._backend.pieces(history, options))
        return await self._loop.arun(self._backend.reply(history, options))

    def live(self, *, rate: int = 24_000, aloud: bool = True) -> LiveCall:
        """A live call, open inside its block, with or without asyncio:

            with assistant.live() as call:
                call.see(frame)                      # a picture of the camera
                call.hear(samples, rate=16_000)      # sound of the microphone
                print(call.ask("What is this?"))     # or: for event in call: ...

        Events are `CallEvent`s; the voice comes as `Voiced` at `rate` Hz, and is
        discarded with `aloud=False`. Entering the block raises Busy when all slots are taken.
        """
        from ui.api.live_call import LiveCall

        backend = self._backend
        hears = backend.setup.capabilities.hears
        return LiveCall(
            loop=self._loop,
            open_session=backend.new_session,
            release_slot=backend.release_slot,
            rate=rate,
            aloud=aloud,
            hears_silence=hears,
        )

    def close(self) -> None:
        """Frees the models. The next question loads them again."""
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    @property
    def _loop(self) -> BackgroundLoop:
        return self._backend.loop


def _request_options(generation: GenerationOptions, tools: Tools = (), form: Form = None) -> RequestOptions:
    from dialogue.grammars.response_format import ResponseFormat
    from dialogue.llm.generation_config import GenerationConfig
    from stream.models.tool_choice import user_tools
    from stream.requests.chat_requests import RequestOptions

    response_format = ResponseFormat.of(form) if form is not None else None
    return RequestOptions(GenerationConfig.of(generation), user_tools(tools), response_format)
