"""Callers of the front that speak a realtime dialect: the limits of their keys, and their turn in the queue of all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from dialogue.errors import Busy
from ui.call.waiting_line import ASK_EVERY_S, InLine
from ui.cluster.forwarding import ReplicaClient
from ui.cluster.replica_table import ReplicaTable
from ui.http.connection_limits import counted_as
from ui.openai.api_keys import ApiKeys, authorization_in, bearer
from ui.realtime.minicpm_realtime import PROTOCOL, MiniCpmRealtime
from ui.realtime.openai_event import error_event

POLICY_VIOLATION, TRY_AGAIN_LATER = 1008, 1013
NO_MINUTES = "This API key has used its minutes of today."


class DialectCallers:
    """`client_of` gives the connection to a replica by its name, None where it is gone."""

    def __init__(
        self, table: ReplicaTable, client_of: Callable[[str | None], ReplicaClient | None], keys: ApiKeys
    ) -> None:
        self._table, self._client_of, self._keys = table, client_of, keys
        self._now = asyncio.get_running_loop().time

    async def carry(self, websocket: WebSocket, freest: Callable[[], str | None]) -> bool:
        """Carries a caller to its replica, within the limits of its key. False where there is no replica."""
        token = bearer(authorization_in(websocket.headers))
        key = self._keys.key_for(token)
        home = self._table.home(websocket.query_params.get("call_id")) or self._table.home(token)
        try:
            with key.session() as left_s:
                try:
                    async with asyncio.timeout(left_s):
                        client = self._client_of(home or await self._placed(websocket) or freest())
                        if client is not None:
                            await client.carry(websocket)
                        return client is not None
                except TimeoutError:
                    await _refused(websocket, NO_MINUTES, "minutes_used_up", POLICY_VIOLATION)
        except Busy as busy:
            await _refused(websocket, str(busy), "server_busy", TRY_AGAIN_LATER)
        except (WebSocketDisconnect, RuntimeError):  # the caller has gone while it waited
            pass
        return True

    def remember_secret(self, answer: bytes, token: str | None, name: str) -> None:
        """A secret that the replica `name` has made opens the front too, and leads there."""
        try:
            made = json.loads(answer)
            value, expires_at = str(made["value"]), float(made["expires_at"])
        except (ValueError, KeyError, TypeError):
            return
        self._keys.adopt_secret(value, token, expires_at)
        self._table.remember(value, name)

    async def _placed(self, websocket: WebSocket) -> str | None:
        """Waits in the queue of all replicas, where the dialect has messages for that; then the replica with most free
        places. Raises Busy where the queue is full."""
        mode, offered = websocket.query_params.get("mode"), websocket.scope.get("subprotocols", [])
        if not self._table.replicas or (mode is None and PROTOCOL not in offered):
            return None
        await websocket.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)
        client = counted_as(websocket.client.host) if websocket.client else None
        dialect, ticket = MiniCpmRealtime(mode), None
        try:
            while True:
                try:
                    return self._table.place(ticket, client, self._now()).name
                except InLine as waiting:
                    ticket = waiting.ticket
                    for message in dialect.waiting(waiting.position, waiting.wait_s, len(self._table.line)) or []:
                        await websocket.send_text(json.dumps(message))
                    await asyncio.sleep(ASK_EVERY_S)
        finally:
            self._table.line.leave(ticket)


async def _refused(websocket: WebSocket, words: str, code: str, close: int) -> None:
    if websocket.application_state is WebSocketState.CONNECTING:
        await websocket.accept()
    await websocket.send_text(json.dumps(error_event(words, None, code=code, kind="server_error")))
    await websocket.close(close)
