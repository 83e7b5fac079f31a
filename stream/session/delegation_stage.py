"""Stage: has a larger model look into questions while the conversation goes on, and says what came back.

The answer waits until the floor is free. A server that fails or takes too long is replaced by the engine itself, which
says so. A question that was taken back, or replaced by another one, ends at once and closes its connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import partial
from urllib.parse import urlsplit

from dialogue.blocks import Block, PictureBlock, SceneBlock, TextBlock
from dialogue.engine import Delta, TextDelta
from dialogue.errors import AssistantError
from dialogue.remote.delegate import LargerModel
from dialogue.remote.stand_in import stand_in_reply
from stream.models.parts import Parts
from stream.perception.video_perception import VideoPerception
from stream.replies.delegation_desk import DelegatedQuestion, DelegationDesk
from stream.replies.reply_dependencies import ReplyDependencies
from stream.runtime.events import DelegationChanged, Notice
from stream.runtime.link import Link
from stream.session.announcing import announced
from stream.session.floor import Floor

PATIENCE_S = 45.0  # then the engine answers by itself
MOST_TRIES = 3  # of an announcement that the user speaks over before any of it is heard

ANSWER = "Here is the answer to your question."
ALONE = "The larger model does not answer, so this is my own answer."

AnswerAlone = Callable[[Sequence[Block]], AsyncGenerator[Delta, None]]


class DelegationStage:
    """One per session. `alone` answers blocks with the call's own kind of engine, in a session of its own."""

    def __init__(
        self,
        *,
        desk: DelegationDesk,
        delegate: LargerModel,
        alone: AnswerAlone,
        video: VideoPerception,
        floor: Floor,
        link: Link,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._desk, self._delegate, self._alone = desk, delegate, alone
        self._video, self._floor, self._link, self._patience_s = video, floor, link, patience_s

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            one = await self._desk.next()
            async with asyncio.TaskGroup() as tasks:
                working = tasks.create_task(self._look_into(one), name="delegation")
                await one.over.wait()
                working.cancel()

    async def _look_into(self, one: DelegatedQuestion) -> None:
        shown = self._shown()
        self._report(True, shown)
        try:
            async with asyncio.timeout(self._patience_s):
                answer = await self._delegate.ask(one.question, one.turns, shown)
            text = f"{ANSWER} {answer}"
        except (AssistantError, TimeoutError) as lost:
            why = str(lost) or f"The larger model took longer than {self._patience_s:.0f} s."
            self._link.emit(Notice("warning", "delegate_failed", why))
            text = f"{ALONE} {await self._own_answer(one)}"
        finally:
            self._report(False, shown)
        for _ in range(MOST_TRIES):
            if await announced(self._floor, text, self._link.now):
                break
        self._desk.close(one)

    def _shown(self) -> SceneBlock | PictureBlock | None:
        """What goes along of the camera: its picture where the larger model sees, else what was recognised."""
        video = self._video
        if not video.camera:
            return None
        if self._delegate.sees:
            picture = video.chosen or video.newest  # chosen when the question began
            return PictureBlock(picture.rgb, picture.at) if picture is not None else None
        return video.scene

    def _report(self, pending: bool, shown: SceneBlock | PictureBlock | None) -> None:
        server = urlsplit(self._delegate.url).netloc.rpartition("@")[2]
        self._link.emit(DelegationChanged(pending, server, isinstance(shown, PictureBlock)))

    async def _own_answer(self, one: DelegatedQuestion) -> str:
        at = self._link.now()
        async with aclosing(self._alone([*one.turns, TextBlock(one.question, at, at)])) as deltas:
            said = "".join([delta.text async for delta in deltas if isinstance(delta, TextDelta)])
        return said.strip() or "I don't know."


def delegation_stage(parts: Parts, dependencies: ReplyDependencies, floor: Floor) -> DelegationStage | None:
    """Where a larger model answers what the engine passes on."""
    if parts.delegate is None or dependencies.desk is None:
        return None
    return DelegationStage(
        desk=dependencies.desk,
        delegate=parts.delegate,
        alone=partial(stand_in_reply, parts.new_engine),
        video=dependencies.video,
        floor=floor,
        link=dependencies.link,
    )
