"""Checks host, origin and token of every request before a route sees it, and adds security headers to every answer.

Plain ASGI around the application. On loopback the danger is another site in the same browser (DNS rebinding, forged
posts), off loopback everyone on the network.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response

from ui.http.access import may_enter

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PAGE = "/page/"
PAGES = frozenset({"/", "/memory"})  # without data: what they show is asked for with the token
PUBLIC = PAGES | {"/healthz", "/favicon.ico"}

POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob: mediastream:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(self), microphone=(self), speaker-selection=(self), geolocation=(), usb=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def refusal(status: int, code: str, message: str, **headers: str) -> Response:
    """An error answer as in docs/wire.md."""
    return JSONResponse({"error": {"code": code, "message": message}}, status, {"Cache-Control": "no-store", **headers})


class Guard:
    """`hosts` are the allowed names in a Host header, None for any; `token` is the required access token, if any."""

    def __init__(self, app: App, *, hosts: frozenset[str] | None, token: str | None) -> None:
        self._app, self._hosts, self._token = app, hosts, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-cache" if _is_page(scope["path"]) else "no-store")
            await send(message)

        refused = self._refused(scope["method"], scope["path"], Headers(scope=scope))
        await (refused or self._app)(scope, receive, send_with_headers)

    def _refused(self, method: str, path: str, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if self._hosts is not None and _name(host) not in self._hosts:
            return refusal(
                403, "host", "This server answers only to its own name. Open the address that it shows at start."
            )
        origin = headers.get("origin")
        if method not in ("GET", "HEAD") and origin is not None and _site(origin) != host:
            return refusal(403, "origin", "This request comes from another site.")
        if self._token is None or _is_page(path) or path in PUBLIC:
            return None
        if not may_enter(self._token, headers.get("authorization")):
            advice = "The access token is missing or wrong. Open the address that the server shows at start."
            return refusal(401, "token", advice, **{"WWW-Authenticate": "Bearer"})
        return None


def _is_page(path: str) -> bool:
    return path in PAGES or path.startswith(PAGE)


def _site(origin: str) -> str | None:
    """The name and port in an Origin header; None if it has none or is malformed."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
