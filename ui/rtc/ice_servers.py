"""The STUN and TURN servers that a browser is to use, with credentials that expire.

TURN servers share a secret with this one (coturn's `use-auth-secret`): the user name is the time of expiry, and the
password its HMAC-SHA1 under the secret (draft-uberti-behave-turn-rest).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dialogue.errors import AssistantError

VALID_S = 12 * 3600  # a call may be resumed for as long as its page is open
ADDRESS = re.compile(r"(stuns?|turns?):[A-Za-z0-9.\-\[\]:]+(\?transport=(udp|tcp))?")


@dataclass(frozen=True, slots=True)
class IceServers:
    """`urls` as in RTCIceServer; `secret` is that of the TURN servers among them."""

    urls: Sequence[str] = ()
    secret: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Raises AssistantError for an address that no browser takes, or a TURN server without a secret."""
        for url in self.urls:
            if not ADDRESS.fullmatch(url):
                raise AssistantError(f"{url!r} is no ICE server: use stun:HOST:PORT or turn:HOST:PORT?transport=udp.")
        if self.relays and not self.secret:
            raise AssistantError("A TURN server needs --ice-secret-file, with the secret that it shares.")

    @property
    def relays(self) -> list[str]:
        return [url for url in self.urls if url.startswith("turn")]

    def for_browser(self, now: float) -> list[dict[str, Any]]:
        """The `iceServers` of a browser's RTCPeerConnection at the Unix time `now`."""
        servers: list[dict[str, Any]] = [{"urls": url} for url in self.urls if url not in self.relays]
        if self.relays and self.secret:
            user = f"{int(now) + VALID_S}:page"
            password = hmac.new(self.secret.encode(), user.encode(), hashlib.sha1).digest()
            credential = base64.b64encode(password).decode()
            servers.append({"urls": self.relays, "username": user, "credential": credential})
        return servers
