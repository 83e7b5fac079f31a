"""omnilive: an assistant that sees, hears and talks with you, on your own machine. The public face.

    from omnilive import Assistant

    with Assistant() as assistant:
        print(assistant.describe_image("desk.jpg"))
        print(assistant.answer_audio("question.wav"))
        print(assistant.chat([{"role": "user", "content": [Path("sign.jpg"), "What does the sign say?"]}]))

Every method has an asynchronous twin: `await assistant.achat(history)`. On the shell: `omnilive --help`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dialogue.errors import AssistantError, BadInput, Busy, EngineLost
from stream.setup import SETUPS, Setup
from ui.command_line import main
from ui.home import home as default_home
from ui.own_loop import OwnLoop
from ui.plain_errors import plain_errors

if TYPE_CHECKING:
    from stream.correspondence import Correspondence
    from stream.message import Message
    from stream.parts import Parts

__all__ = ["Assistant", "AssistantError", "BadInput", "Busy", "EngineLost", "Setup", "main"]

DESCRIBE = "What do you see?"


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

    def describe_image(self, image: Any, question: str = DESCRIBE) -> str:
        """What is to be seen in `image` (a path, a PIL image, or an array (H, W, 3) of uint8). Raises BadInput."""
        return self._own_loop().run(self._reply(_about_image(image, question)))

    async def adescribe_image(self, image: Any, question: str = DESCRIBE) -> str:
        return await self._elsewhere(_about_image(image, question))

    def answer_audio(self, audio: Any, question: str | None = None) -> str:
        """The answer to what is asked in `audio` (a path, or an array (n,) of floats at 16 kHz), or to `question`
        about it. Raises BadInput.
        """
        return self._own_loop().run(self._reply(_about_audio(audio, question)))

    async def aanswer_audio(self, audio: Any, question: str | None = None) -> str:
        return await self._elsewhere(_about_audio(audio, question))

    def chat(self, history: Sequence[Mapping[str, Any]]) -> str:
        """The next reply in `history`: [{"role": "system" | "user" | "assistant", "content": text or items}].

        Items are listed in ui/attachments.py: text, files, pictures and recordings. Raises BadInput.
        """
        return self._own_loop().run(self._reply(history))

    async def achat(self, history: Sequence[Mapping[str, Any]]) -> str:
        return await self._elsewhere(history)

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

    async def _elsewhere(self, history: Sequence[Mapping[str, Any]]) -> str:
        return await asyncio.wrap_future(self._own_loop().submit(self._reply(history)))

    async def _reply(self, history: Sequence[Mapping[str, Any]]) -> str:
        """On our own loop."""
        from stream.correspondence import Correspondence
        from ui.attachments import read_history

        messages: list[Message] = await asyncio.to_thread(read_history, history)
        with plain_errors():
            correspondence: Correspondence = Correspondence(await self._parts(), self._setup)
        return "".join([piece async for piece in correspondence.answer(messages)]).strip()

    async def _parts(self) -> Parts:
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.get_running_loop().create_task(self._open(), name="open parts")
        return await asyncio.shield(self._opening)

    async def _open(self) -> Parts:
        from stream.parts import open_parts
        from stream.weights import WeightStore
        from ui.progress import bars

        store = WeightStore(self._home)
        with bars() as progress:
            await asyncio.to_thread(store.pull, progress=progress)
        return await open_parts(self._setup, store)

    async def _let_go(self) -> None:
        if self._opening is not None:
            opening, self._opening = self._opening, None
            opening.cancel()
            await asyncio.wait([opening])
            if not opening.cancelled() and not opening.exception():
                await asyncio.to_thread(opening.result().close)


def _about_image(image: Any, question: str) -> Sequence[Mapping[str, Any]]:
    held = Path(image) if isinstance(image, str) else image
    return [{"role": "user", "content": [{"type": "image", "image": held}, question]}]


def _about_audio(audio: Any, question: str | None) -> Sequence[Mapping[str, Any]]:
    held = {"type": "audio", "audio": Path(audio) if isinstance(audio, str) else audio}
    return [{"role": "user", "content": [held, question] if question else [held]}]


if __name__ == "__main__":
    sys.exit(main())
