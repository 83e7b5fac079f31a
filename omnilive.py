"""omnilive: an assistant that sees, hears and talks with you, on your own machine. The public face.

    from omnilive import Assistant

    with Assistant() as assistant:
        print(assistant.describe_image("desk.jpg"))
        print(assistant.answer_audio("question.wav"))
        print(assistant.chat([{"role": "user", "content": [Path("sign.jpg"), "What does the sign say?"]}]))

    assistant = Assistant.from_pretrained("openbmb/MiniCPM-o-2_6", quantize="int4")
    for piece in assistant.chat(history, stream=True):
        print(piece, end="", flush=True)
    with assistant.live() as call:
        call.see("desk.jpg")
        print(call.ask("What is on the desk?"))

Every method has an asynchronous twin: `await assistant.achat(history)`. On the shell: `omnilive --help`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack, overload

from audio.chunk import HEARING_RATE_HZ
from dialogue.errors import AssistantError, BadInput, Busy, EngineLost
from dialogue.tools.tool import Tool
from stream.models.setup import SETUPS, Setup
from ui.api.assistant_parts import AssistantParts
from ui.command_line import main
from ui.host.free_memory import free_memory
from ui.host.home import home as default_home
from ui.host.plain_errors import plain_errors
from ui.host.sleeping_threads import let_threads_sleep

if TYPE_CHECKING:
    from dialogue.llm.generation_config import GenerationOptions
    from dialogue.llm.precision import Precision
    from stream.requests.chat_requests import RequestOptions
    from ui.api.live_call import LiveCall

__all__ = ["Assistant", "AssistantError", "BadInput", "Busy", "EngineLost", "Setup", "Tool", "main"]

DESCRIBE = "What do you see?"
History = Sequence[Mapping[str, Any]]
Tools = Sequence[Tool | Callable[..., Any]]


class Assistant:
    """The assistant of the page, for pictures, recordings and histories. Usable from any thread and any event loop.

    Models load at the first question (and are fetched where they are missing); `close`, or leaving the `with`
    block, lets them go. `setup` is a preset's name or a Setup; `home` is where weights are kept.
    """

    def __init__(self, setup: str | Setup = "laptop", *, home: Path | str | None = None) -> None:
        let_threads_sleep()
        if isinstance(setup, str) and setup not in SETUPS:
            raise BadInput(f"there is no setup {setup!r}; there are {', '.join(SETUPS)}")
        chosen = SETUPS[setup] if isinstance(setup, str) else setup
        self._parts = AssistantParts(chosen, Path(home) if home else default_home())

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
        tools: Tools = (),
        home: Path | str | None = None,
    ) -> Self:
        """An assistant with a model of your own, loaded when this returns.

        `model` is a hub id ("openbmb/MiniCPM-o-2_6"), fetched once at `revision`, or the folder of a downloaded one:
        a MiniCPM (V 2.5, V 2.6, MiniCPM3, o 2.6, o 4.5), any image-text model of transformers, or a chat model
        (Llama 3, Qwen2, Qwen3, SmolLM2; a .gguf file too) beside our own eyes and ears. `quantize` is the precision
        of the language model's weights ("int8", "int4"; None: bfloat16, or what a chat model runs fastest at),
        `device` "auto", "cpu", "cuda", "cuda:1". `voice`, for o 2.6 and o 4.5, is a recording of the voice to speak
        with, and takes the consent of the person who speaks in it: say so by `speaker_consents`. `captioner`, for a
        model that cannot see, is an image-text model that describes pictures to it. `tools`, for MiniCPM3, are
        functions it may call besides its own: Python functions with type hints, or `Tool.described(schema, run)`.
        Raises WeightsError where the model cannot be fetched, BadInput where it cannot be used.
        """
        let_threads_sleep()
        from stream.models.any_model import model_setup
        from stream.models.model_choice import model_folder, with_captioner, with_tools, with_voice
        from stream.models.weights import WeightStore

        home = Path(home) if home else default_home()
        store = WeightStore(home)
        memory = free_memory()
        setup = model_setup(model, store, memory, precision=quantize, device=device, revision=revision)
        if captioner is not None:
            setup = with_captioner(setup, model_folder(captioner, store))
        if voice is not None:
            setup = with_voice(setup, Path(voice), speaker_consents)
        if tools:
            setup = with_tools(setup, tools)
        assistant = cls(setup, home=home)
        try:
            with plain_errors():
                assistant._parts.loop.run(assistant._parts.parts())
        except BaseException:
            assistant.close()
            raise
        return assistant

    def describe_image(self, image: Any, question: str = DESCRIBE, **generation: Unpack[GenerationOptions]) -> str:
        """What is to be seen in `image` (a path, a file's bytes, a PIL image, or an array (H, W, 3) of uint8).

        `generation` is how a model of your own is to write it: sampling, temperature, top_p, top_k, repetition_penalty,
        num_beams, max_new_tokens (dialogue/llm/generation_config.py). Raises BadInput.
        """
        return self.chat(_about_image(image, question), **generation)

    async def adescribe_image(
        self, image: Any, question: str = DESCRIBE, **generation: Unpack[GenerationOptions]
    ) -> str:
        return await self.achat(_about_image(image, question), **generation)

    def answer_audio(
        self,
        audio: Any,
        question: str | None = None,
        *,
        rate: int = HEARING_RATE_HZ,
        speak: Path | str | None = None,
        **generation: Unpack[GenerationOptions],
    ) -> str:
        """The answer to what is asked in `audio` (a path, a file's bytes, or an array of samples at `rate`), or to
        `question` about it. `speak` names a WAV file to which the answer is also spoken; `generation` as for
        `describe_image`. Raises BadInput.
        """
        history, parts = _about_audio(audio, question, rate), self._parts
        return parts.loop.run(parts.reply(history, _request_options(generation), speak))

    async def aanswer_audio(
        self,
        audio: Any,
        question: str | None = None,
        *,
        rate: int = HEARING_RATE_HZ,
        speak: Path | str | None = None,
        **generation: Unpack[GenerationOptions],
    ) -> str:
        history, parts = _about_audio(audio, question, rate), self._parts
        return await asyncio.wrap_future(parts.loop.submit(parts.reply(history, _request_options(generation), speak)))

    @overload
    def chat(
        self,
        history: History,
        *,
        stream: Literal[False] = False,
        tools: Tools = (),
        **generation: Unpack[GenerationOptions],
    ) -> str: ...
    @overload
    def chat(
        self, history: History, *, stream: Literal[True], tools: Tools = (), **generation: Unpack[GenerationOptions]
    ) -> Iterator[str]: ...
    def chat(
        self, history: History, *, stream: bool = False, tools: Tools = (), **generation: Unpack[GenerationOptions]
    ) -> str | Iterator[str]:
        """The next reply in `history`: [{"role": "system" | "user" | "assistant", "content": text or items}].

        Items are listed in ui/api/attachments.py: text, files, pictures, recordings and films. With `stream` the reply
        comes piece by piece; leaving off in the middle stops the model. `tools` are functions that MiniCPM3 may call
        for this reply, besides those of `from_pretrained`; `generation` as for `describe_image`. Raises BadInput.
        """
        request_options = _request_options(generation, tools)
        parts = self._parts
        if stream:
            return parts.loop.each(parts.pieces(history, request_options))
        return parts.loop.run(parts.reply(history, request_options))

    @overload
    async def achat(
        self,
        history: History,
        *,
        stream: Literal[False] = False,
        tools: Tools = (),
        **generation: Unpack[GenerationOptions],
    ) -> str: ...
    @overload
    async def achat(
        self, history: History, *, stream: Literal[True], tools: Tools = (), **generation: Unpack[GenerationOptions]
    ) -> AsyncIterator[str]: ...
    async def achat(
        self, history: History, *, stream: bool = False, tools: Tools = (), **generation: Unpack[GenerationOptions]
    ) -> str | AsyncIterator[str]:
        """As `chat`; streaming, it is `async for piece in await assistant.achat(history, stream=True)`."""
        request_options = _request_options(generation, tools)
        parts = self._parts
        if stream:
            return parts.loop.aeach(parts.pieces(history, request_options))
        return await asyncio.wrap_future(parts.loop.submit(parts.reply(history, request_options)))

    def live(self, *, rate: int = 24_000, aloud: bool = True) -> LiveCall:
        """A live call, open inside its block, with or without asyncio:

            with assistant.live() as call:
                call.see(frame)                      # the camera, as often as you like
                call.hear(samples, rate=16_000)      # the microphone
                print(call.ask("What is this?"))     # or: for event in call: ...

        Events are those of stream/runtime/events.py; the voice comes as `Voiced` among them, at `rate`, or is thrown
        away without `aloud`. Raises Busy on entering when all places are taken.
        """
        from ui.api.live_call import LiveCall

        parts = self._parts
        hears = parts.setup.capabilities.hears
        return LiveCall(parts.loop, parts.new_session, parts.leave_place, rate=rate, aloud=aloud, hears_silence=hears)

    def close(self) -> None:
        """Lets the models go. The next question would load them again."""
        self._parts.close()

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


def _request_options(generation: GenerationOptions, tools: Tools = ()) -> RequestOptions:
    from dialogue.llm.generation_config import GenerationConfig
    from stream.models.model_choice import own_tools
    from stream.requests.chat_requests import RequestOptions

    return RequestOptions(GenerationConfig.of(generation), own_tools(tools))


def _about_image(image: Any, question: str) -> History:
    return [{"role": "user", "content": [{"type": "image", "image": image}, question or DESCRIBE]}]


def _about_audio(audio: Any, question: str | None, rate: int) -> History:
    held = {"type": "audio", "audio": audio, "rate": rate}
    return [{"role": "user", "content": [held, question] if question else [held]}]


if __name__ == "__main__":
    sys.exit(main())
