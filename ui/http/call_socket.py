"""The WebSocket of a call whose page cannot send UDP."""

from __future__ import annotations

from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from ui.call.lines.socket_line import SocketClosed, SocketLine

NO_SUCH_CALL = 4404  # close code


class OpenSocket:
    """An accepted WebSocket; each method raises SocketClosed once it is closed."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def receive(self) -> str | bytes:
        message = await self._websocket.receive()
        if message["type"] != "websocket.receive":
            raise SocketClosed
        content: str | bytes = message.get("text") or message.get("bytes") or ""
        return content

    async def send(self, message: str | bytes) -> None:
        try:
            if isinstance(message, str):
                await self._websocket.send_text(message)
            else:
                await self._websocket.send_bytes(message)
        except (WebSocketDisconnect, RuntimeError):  # RuntimeError: it is closed
            raise SocketClosed from None


async def carry(websocket: WebSocket, line: SocketLine | None) -> None:
    """Carries a call over `websocket` to the end of either; closes it where no call waits for it."""
    await websocket.accept()
    if line is not None:
        await line.run(OpenSocket(websocket))
    with suppress(WebSocketDisconnect, RuntimeError):
        await websocket.close(1000 if line is not None else NO_SUCH_CALL)
