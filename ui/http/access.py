"""Access tokens: makes them, and checks Authorization headers against them."""

from __future__ import annotations

import hmac
import re
import secrets

from dialogue.errors import AssistantError

SHORTEST = 16  # characters of a chosen token
SAFE = re.compile(r"[A-Za-z0-9._~+/=-]+")  # RFC 6750; needs no quoting in a URL


def new_token() -> str:
    """A random token of 192 bits, made at each start."""
    return secrets.token_urlsafe(24)


def checked_token(token: str) -> str:
    """The chosen `token`. Raises AssistantError when it is too short or has forbidden characters."""
    if len(token) < SHORTEST or not SAFE.fullmatch(token):
        raise AssistantError(
            f"A token must have at least {SHORTEST} characters, all of them letters, digits or . _ ~ + / = -"
        )
    return token


def may_enter(token: str, authorization: str | None) -> bool:
    """Whether an Authorization header carries `token`. Compares in constant time."""
    scheme, _, sent = (authorization or "").partition(" ")
    equal = hmac.compare_digest(sent.strip().encode("utf-8", "replace"), token.encode())
    return equal and scheme.lower() == "bearer"
