"""Checks host, origin and token of every request before a route sees it, and adds security headers to every answer.

Plain ASGI around the application. On loopback the danger is another site in the same browser (DNS rebinding, forged
posts), off loopback everyone on the network.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response

from ui.host.allowance import ClientAllowances
from ui.http.access import may_enter
from ui.http.connection_limits import counted_as
from ui.openai.api_keys import ApiKeys, authorization_in, bearer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

WRONG_TOKENS_PER_S, WRONG_TOKENS_AT_ONCE = 1 / 6, 10.0  # from one address; loopback is exempt

PAGE = "/page/"
CALL_SOCKET = "/call/socket/"  # with a ticket that only a caller with the token gets
API = "/v1/"
OF_SECRETS = frozenset({"/v1/realtime", "/v1/realtime/calls"})
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


def refusal(
    status: int,
    code: str,
    message: str,
    *,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """An error answer as in docs/wire.md. `more` are further fields of its object."""
    body = {"error": {"code": code, "message": message}, **(more or {})}
    return JSONResponse(body, status, {"Cache-Control": "no-store", **(headers or {})})


def retry_after(seconds: float) -> dict[str, str]:
    """The header that asks a client to wait."""
    return {"Retry-After": str(math.ceil(seconds))}


class Guard:
    """`hosts` are the allowed names in a Host header, None for any; `token` is the required access token, if any.

    `keys` open the endpoints under API alone; where there are any, nobody else enters there without the token. Pages of
    the sites in `keys.origins` may use those endpoints from a browser.
    """

    def __init__(
        self, app: App, *, hosts: frozenset[str] | None, token: str | None, keys: ApiKeys | None = None
    ) -> None:
        self._app, self._hosts, self._token, self._keys = app, hosts, token, keys or ApiKeys()
        self._wrong_tokens = ClientAllowances(WRONG_TOKENS_PER_S, WRONG_TOKENS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = counted_as(scope["client"][0]) if scope.get("client") else None
        if scope["type"] == "websocket":
            refused = self._refused("WEBSOCKET", scope["path"], Headers(scope=scope), client)
            await (_closed if refused is not None else self._app)(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        shared = self._shared(scope["path"], Headers(scope=scope))

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (*HEADERS.items(), *shared.items()):
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-cache" if _is_page(scope["path"]) else "no-store")
            await send(message)

        if shared and scope["method"] == "OPTIONS":  # a browser asks beforehand, without a key
            await Response(status_code=204)(scope, receive, send_with_headers)
            return
        refused = self._refused(scope["method"], scope["path"], Headers(scope=scope), client)
        await (refused or self._app)(scope, receive, send_with_headers)

    def _refused(self, method: str, path: str, headers: Headers, client: str | None) -> Response | None:
        host = headers.get("host", "")
        if self._hosts is not None and _name(host) not in self._hosts:
            return refusal(
                403, "host", "This server answers only to its own name. Open the address that it shows at start."
            )
        origin, shared = headers.get("origin"), self._shared(path, headers)
        if method not in ("GET", "HEAD") and origin is not None and _site(origin) != host and not shared:
            return refusal(403, "origin", "This request comes from another site.")
        if method == "WEBSOCKET" and path.startswith(CALL_SOCKET):
            return None
        authorization = authorization_in(headers)
        if path.startswith(API) and self._may_use(path, bearer(authorization)):
            return None
        locked = self._token is not None or (self._keys.required and path.startswith(API))
        if not locked or _is_page(path) or path in PUBLIC:
            return None
        return self._refused_by_token(authorization, client)

    def _shared(self, path: str, headers: Headers) -> Mapping[str, str]:
        """The headers with which a page of an allowed site may send and read; none for others."""
        origin = headers.get("origin")
        if origin not in self._keys.origins or not path.startswith(API):
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": headers.get("access-control-request-headers", "authorization"),
            "Access-Control-Expose-Headers": "Location",
            "Vary": "Origin",
        }

    def _may_use(self, path: str, token: str | None) -> bool:
        """Whether a key, or a secret for realtime sessions, opens an endpoint."""
        of_sessions = path in OF_SECRETS and self._keys.secret(token) is not None
        return of_sessions or self._keys.find(token) is not None

    def _refused_by_token(self, authorization: str | None, client: str | None) -> Response | None:
        """A client that has sent too many wrong tokens is refused without a look at the next one."""
        allowance, now = self._wrong_tokens.of(client or ""), asyncio.get_running_loop().time()
        if client is not None and (wait_s := allowance.wait_s(now)) > 0:
            advice = "Too many wrong access tokens came from your address. Please wait a moment."
            return refusal(429, "too_fast", advice, headers=retry_after(wait_s))
        if self._token is not None and may_enter(self._token, authorization):
            return None
        if authorization is not None:
            allowance.take(now)
        advice = "The access token is missing or wrong. Open the address that the server shows at start."
        return refusal(401, "token", advice, headers={"WWW-Authenticate": "Bearer"})


async def _closed(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuses a WebSocket: the client's handshake gets status 403."""
    await send({"type": "websocket.close", "code": 1008})


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
