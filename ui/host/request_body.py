"""Reads the body of an HTTP request up to a limit."""

from __future__ import annotations

from starlette.requests import Request


async def body_within(request: Request, most: int) -> bytes | None:
    """The body; None as soon as it has more than `most` bytes."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            return None
    return bytes(body)
