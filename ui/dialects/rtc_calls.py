"""The calls over WebRTC of clients that speak a dialect: made by an HTTP request, run in the background."""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import AsyncExitStack, suppress
from typing import Any

from dialogue.errors import BadInput
from ui.dialects.connection import DialectConnection
from ui.dialects.rtc_media import VOICE_HZ, RtcMedia
from ui.dialects.running_sessions import RunningSessions
from ui.dialects.sideband import WireClosed
from ui.openai.api_keys import ApiKey
from ui.openai.served_models import ServedModels
from ui.realtime.dialect import Dialect
from ui.rtc.offer import read_offer

log = logging.getLogger(__name__)

BEGINS_AFTER_S = 1.0  # in which a client may send its session.update


class RtcConnection(DialectConnection):
    """The session begins when the client is connected, and a moment later where it is not `configured` yet."""

    def __init__(self, media: RtcMedia, models: ServedModels, dialect: Dialect, *, configured: bool) -> None:
        super().__init__(media, models, dialect, out_rate=VOICE_HZ)
        self._media, self._wait_s = media, 0.0 if configured else BEGINS_AFTER_S

    async def _started(self, tasks: asyncio.TaskGroup) -> None:
        await asyncio.sleep(self._wait_s)
        try:
            self._begin(tasks)
        except BadInput as error:
            self._put([self._dialect.failed(str(error))])

    def _sound_path(self, session: Any) -> RtcMedia:
        return self._media.path_of(session)


class RtcCalls:
    """The running calls of one server. `sessions` are those that can be attached to."""

    def __init__(self, sessions: RunningSessions) -> None:
        self._sessions = sessions
        self._running: dict[str, tuple[asyncio.Task[None], RtcMedia]] = {}

    async def start(
        self,
        sdp: object,
        models: ServedModels,
        dialect: Dialect,
        key: ApiKey,
        *,
        configured: bool,
        session_id: str = "",
    ) -> tuple[str, str]:
        """(the id of the call, the SDP of the answer). It can be attached to by `session_id`, or else by the id of the
        call. Raises BadInput, Busy."""
        offer = read_offer(sdp, "offer")
        async with AsyncExitStack() as holding:
            left_s = holding.enter_context(key.session())
            await holding.enter_async_context(models.admission_queue.held(None))
            media = RtcMedia(models.rtc.stun, models.rtc.hosts)
            answer = await media.answer(offer)
            held = holding.pop_all()
        call_id = f"rtc_{secrets.token_hex(12)}"

        async def run() -> None:
            try:
                with suppress(WireClosed):
                    await media.connected()
                    connection = RtcConnection(media=media, models=models, dialect=dialect, configured=configured)
                    with self._sessions.holding(session_id or call_id, connection, key):
                        await connection.run(left_s)
            except Exception:
                log.exception("a call over WebRTC failed")
            finally:
                await media.close()
                await held.aclose()
                self._running.pop(call_id, None)

        self._running[call_id] = models.rtc.adopt(run()), media
        return call_id, answer

    def hang_up(self, call_id: str) -> bool:
        """Ends a call. False where there is none of this id."""
        running = self._running.get(call_id)
        if running is not None:
            running[1].connection.closed.set()
        return running is not None
