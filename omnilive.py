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
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from dialogue.errors import AssistantError, BadInput, Busy, EngineLost
from stream.places import Places
from stream.setup import SETUPS, Setup
from ui.command_line import main
from ui.home import home as default_home
from ui.own_loop import OwnLoop
from ui.plain_errors import plain_errors

if TYPE_CHECKING:
    from dialogue.linear import Precision
    from dialogue.minicpm.tools import Tool
    from stream.parts import Parts
    from stream.session import Session
    from ui.live_call import LiveCall
    from ui.spoken_file import SpokenFile

__all__ = ["Assistant", "AssistantError", "BadInput", "Busy", "EngineLost", "Setup", "main"]

DESCRIBE = "What do you see?"
History = Sequence[Mapping[str, Any]]


class Assistant:
    """The assistant of the page, for pictures, recordings and histories. Usable from any thread and any event loop.

    Models load at the first question (and are fetched where they are missing); `close`, or leaving the `with`
    block, lets them go. `setup` is a preset's name or a Setup; `home` is where weights are kept.
    """

    def __init__(self, setup: str | Setup = "laptop", *, home: Path | str | None = None) -> None:
        if isinstance(setup, str) and setup not in SETUPS:
            raise BadInput(f"there is no setup {setup!r}; there are {', '.join(SETUPS)}")
        self._setup = SETUPS[setup] if isinstance(setup, str) else setup
        self._home = Path(home) if home else default_home()
        self._loop: OwnLoop | None = None
        self._opening: asyncio.Task[Parts] | None = None  # lives on our loop
        self._places: Places | None = None

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
        eyes: str | Path | None = None,
        tools: Sequence[Tool | Callable[..., Any]] = (),
        home: Path | str | None = None,
    ) -> Self:
        """An assistant with a model of your own, loaded when this returns.

        `model` is a hub id ("openbmb/MiniCPM-o-2_6"), fetched once at `revision`, or the folder of a downloaded one:
        a MiniCPM (V 2.5, V 2.6, MiniCPM3, o 2.6, o 4.5) or any image-text model of transformers. `quantize` is the
        precision of the language model's weights ("int8", "int4"; None: bfloat16), `device` "auto", "cpu", "cuda",
        "cuda:1". `voice`, for o 2.6 and o 4.5, is a recording of the voice to speak with, and takes the consent of
        the person who speaks in it: say so by `speaker_consents`. `eyes`, for a model that cannot see, is an
        image-text model that tells it what is shown. `tools`, for MiniCPM3, are functions it may call
        besides its own: Python functions with type hints, or `dialogue.minicpm.tools.Tool.described(schema, run)`.
        Raises WeightsError where the model cannot be
        fetched, BadInput where it cannot be used.
        """
        from stream.model_choice import model_folder, with_describer, with_model, with_tools, with_voice
        from stream.weights import WeightStore

        home = Path(home) if home else default_home()
        store = WeightStore(home)
        setup = with_model(model_folder(model, store, revision), quantize, device)
        if eyes is not None:
            setup = with_describer(setup, model_folder(eyes, store))
        if voice is not None:
            setup = with_voice(setup, Path(voice), speaker_consents)
        if tools:
            setup = with_tools(setup, tools)
        assistant = cls(setup, home=home)
        try:
            with plain_errors():
                assistant._own_loop().run(assistant._parts())
        except BaseException:
            assistant.close()
            raise
        return assistant

    def describe_image(self, image: Any, question: str = DESCRIBE) -> str:
        """What is to be seen in `image` (a path, a PIL image, or an array (H, W, 3) of uint8). Raises BadInput."""
        return self._own_loop().run(self._reply(_about_image(image, question)))

    async def adescribe_image(self, image: Any, question: str = DESCRIBE) -> str:
        return await self._elsewhere(_about_image(image, question))

    def answer_audio(self, audio: Any, question: str | None = None, *, speak: Path | str | None = None) -> str:
        """The answer to what is asked in `audio` (a path, or an array (n,) of floats at 16 kHz), or to `question`
        about it. `speak` names a WAV file to which the answer is also spoken. Raises BadInput.
        """
        return self._own_loop().run(self._reply(_about_audio(audio, question), speak))

    async def aanswer_audio(self, audio: Any, question: str | None = None, *, speak: Path | str | None = None) -> str:
        return await self._elsewhere(_about_audio(audio, question), speak)

    @overload
    def chat(self, history: History, *, stream: Literal[False] = False) -> str: ...
    @overload
    def chat(self, history: History, *, stream: Literal[True]) -> Iterator[str]: ...
    def chat(self, history: History, *, stream: bool = False) -> str | Iterator[str]:
        """The next reply in `history`: [{"role": "system" | "user" | "assistant", "content": text or items}].

        Items are listed in ui/attachments.py: text, files, pictures, recordings and films. With `stream` the reply
        comes piece by piece; leaving off in the middle stops the model. Raises BadInput.
        """
        return self._own_loop().each(self._pieces(history)) if stream else self._own_loop().run(self._reply(history))

    @overload
    async def achat(self, history: History, *, stream: Literal[False] = False) -> str: ...
    @overload
    async def achat(self, history: History, *, stream: Literal[True]) -> AsyncIterator[str]: ...
    async def achat(self, history: History, *, stream: bool = False) -> str | AsyncIterator[str]:
        """As `chat`; streaming, it is `async for piece in await assistant.achat(history, stream=True)`."""
        return self._own_loop().aeach(self._pieces(history)) if stream else await self._elsewhere(history)

    def live(self, *, rate: int = 24_000, aloud: bool = True) -> LiveCall:
        """A live call, open inside its block, with or without asyncio:

            with assistant.live() as call:
                call.see(frame)                      # the camera, as often as you like
                call.hear(samples, rate=16_000)      # the microphone
                print(call.ask("What is this?"))     # or: for event in call: ...

        Events are those of stream/events.py; the voice comes as `Voiced` among them, at `rate`, or is thrown away
        without `aloud`. Raises Busy on entering when all places are taken.
        """
        from dialogue.engines import abilities_of
        from ui.live_call import LiveCall

        hears = abilities_of(self._setup.engine, self._setup.model_path).hears
        own = self._own_loop(), self._new_session, self._leave_place
        return LiveCall(*own, rate=rate, aloud=aloud, hears_silence=hears)

    def close(self) -> None:
        """Lets the models go. The next question would load them again."""
        if self._loop is not None:
            self._loop.run(self._let_go())
            self._loop.close()
            self._loop = None

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

    def _own_loop(self) -> OwnLoop:
        self._loop = self._loop or OwnLoop("assistant")
        return self._loop

    async def _elsewhere(self, history: History, speak: Path | str | None = None) -> str:
        return await asyncio.wrap_future(self._own_loop().submit(self._reply(history, speak)))

    async def _reply(self, history: History, speak: Path | str | None = None) -> str:
        """On our own loop."""
        from ui.spoken_file import SpokenFile

        spoken = SpokenFile(Path(speak)) if speak is not None else None
        reply = "".join([piece async for piece in self._pieces(history, spoken)]).strip()
        if spoken is not None:
            await asyncio.to_thread(spoken.write)
        return reply

    async def _pieces(self, history: History, spoken: SpokenFile | None = None) -> AsyncIterator[str]:
        """On our own loop."""
        from stream.correspondence import Correspondence
        from ui.attachments import read_history

        messages = await asyncio.to_thread(read_history, history)
        with plain_errors():
            correspondence = Correspondence(await self._parts(), self._setup)
        async for piece in correspondence.answer(messages, spoken.add if spoken is not None else None):
            yield piece

    async def _new_session(self, rate: int) -> Session:
        """On our own loop. Raises Busy."""
        from stream.session import Session

        with plain_errors():
            parts = await self._parts()
        if self._places is None:
            self._places = Places(parts.capacity.sessions if parts.capacity else self._setup.capacity)
        self._places.take()
        try:
            return Session("program", parts, self._setup, out_rate=rate)
        except BaseException:
            self._places.leave()
            raise

    def _leave_place(self) -> None:
        assert self._places is not None, "a call has taken a place before it leaves it"
        self._places.leave()

    async def _parts(self) -> Parts:
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.get_running_loop().create_task(self._open(), name="open parts")
        return await asyncio.shield(self._opening)

    async def _open(self) -> Parts:
        from stream.needs import weights_needed
        from stream.parts import open_parts
        from stream.weights import WeightStore
        from ui.progress import bars

        store = WeightStore(self._home)
        with bars() as progress:
            await asyncio.to_thread(store.pull, weights_needed(self._setup, store), progress)
        return await open_parts(self._setup, store)

    async def _let_go(self) -> None:
        if self._opening is not None:
            opening, self._opening = self._opening, None
            opening.cancel()
            await asyncio.wait([opening])
            if not opening.cancelled() and not opening.exception():
                await asyncio.to_thread(opening.result().close)


def _about_image(image: Any, question: str) -> History:
    held = Path(image) if isinstance(image, str) else image
    return [{"role": "user", "content": [{"type": "image", "image": held}, question]}]


def _about_audio(audio: Any, question: str | None) -> History:
    held = {"type": "audio", "audio": Path(audio) if isinstance(audio, str) else audio}
    return [{"role": "user", "content": [held, question] if question else [held]}]


if __name__ == "__main__":
    sys.exit(main())
