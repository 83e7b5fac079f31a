"""The application at the other end of a connection as the larger model that answers what the engine passes on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dialogue.blocks import Block, PictureBlock, SceneBlock

URL = "client://application"


class ClientDelegate:
    """One per session. The dialect announces the question; the application sends its answer when it has one."""

    url, sees = URL, False

    def __init__(self) -> None:
        self._answer: asyncio.Future[str] | None = None

    async def ask(self, question: str, turns: Sequence[Block], shown: SceneBlock | PictureBlock | None) -> str:
        """Waits for the application. The question is in the transcript that it has."""
        self._answer = asyncio.get_running_loop().create_future()
        return await self._answer

    def answer(self, text: str) -> None:
        """The application's answer; dropped where nothing waits for it any more."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(text)
