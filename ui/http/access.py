"""Who may use a server off loopback: whoever knows its token. Knows no HTTP framework."""

from __future__ import annotations

import hmac
import re
import secrets

from dialogue.errors import AssistantError

SHORTEST = 16  # characters of a token that was chosen by hand
SAFE = re.compile(r"[A-Za-z0-9._~+/=-]+")  # RFC 6750, and needs no quoting in an address


def new_token() -> str:
    """Made anew at each start: 192 random bits."""
    return secrets.token_urlsafe(24)


def checked_token(token: str) -> str:
    """A token chosen by hand. Raises AssistantError where it is too easy to guess or cannot be sent."""
    if len(token) < SHORTEST or not SAFE.fullmatch(token):
        raise AssistantError(
            f"A token has at least {SHORTEST} characters, all of them letters, digits or . _ ~ + / = -"
        )
    return token


def may_enter(token: str, authorization: str | None) -> bool:
    """Whether an Authorization header carries `token`. Takes equally long for every wrong one."""
    scheme, _, given = (authorization or "").partition(" ")
    right = hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
    return right and scheme.lower() == "bearer"
