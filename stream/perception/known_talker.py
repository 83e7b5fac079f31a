"""Keeps the voice of the person who talks with one session, so that another one behind does not take the floor."""

from __future__ import annotations

from collections.abc import Callable

from audio.chunk import Samples
from audio.room.talker import Talker
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import Notice
from stream.runtime.link import Link

REPORTED_EVERY_S = 60.0
KNOWN = "I know your voice now: other voices in the background, quieter than yours, are not listened to."
ANOTHER = "Somebody in the background was not listened to. Speak up, or come nearer, if that was you."


class KnownTalker:
    """`listens_to_all` says whether every voice counts now, as when two people have their talk translated."""

    def __init__(
        self, *, talker: Talker, thread: DeviceThread, link: Link, listens_to_all: Callable[[], bool] = lambda: False
    ) -> None:
        self._talker, self._thread, self._link, self._listens_to_all = talker, thread, link, listens_to_all
        self._reported_at = -REPORTED_EVERY_S

    async def is_another(self, samples: Samples) -> bool:
        """Whether (n,) samples at 16 kHz are of somebody else, behind the talker; says so on the page."""
        if not self._talker.known or self._listens_to_all():
            return False
        another = await self._thread.run(self._talker.is_another, samples)
        if another and (now := self._link.now()) - self._reported_at >= REPORTED_EVERY_S:
            self._reported_at = now
            self._link.emit(Notice("info", "another_voice", ANOTHER))
        return another

    async def learn(self, samples: Samples) -> None:
        """Takes an utterance that was answered, (n,) at 16 kHz."""
        known = self._talker.known
        if self._listens_to_all():
            return
        await self._thread.run(self._talker.learn, samples)
        if self._talker.known and not known:
            self._link.emit(Notice("info", "voice_known", KNOWN))
