"""API keys of the endpoints under /v1: who may use them, for how many sessions and minutes; and short-lived secrets.

A secret is made with a key for a page, which cannot keep one: it opens realtime sessions alone, until it expires. Keys
are kept as SHA-256 digests, and compared as such.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
import tomllib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialogue.errors import AssistantError, BadInput, Busy

SHORTEST_KEY = 16  # characters
DAY_S = 24 * 3600
SECRET_S = (10, 7200)  # how long a secret may be valid
SECRET_DEFAULT_S = 600
MOST_SECRETS = 10_000  # the oldest give way
SAFE_KEY = re.compile(r"[A-Za-z0-9._~+/=-]+")
ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]+")
KEY_PROTOCOL = "openai-insecure-api-key."
EVERYONE = "everyone"


class ApiKey:
    """One key and what was used of it. `sessions` at the same time, `minutes_per_day` of sessions; None: no limit."""

    def __init__(
        self,
        name: str = EVERYONE,
        *,
        sessions: int | None = None,
        minutes_per_day: float | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.name, self._sessions, self._minutes, self._now = name, sessions, minutes_per_day, now
        self._open, self._used_s, self._day = 0, 0.0, 0

    def left_s(self) -> float | None:
        """Seconds of sessions that are left today (UTC); None without a limit."""
        if self._minutes is None:
            return None
        today = int(self._now() // DAY_S)
        if today != self._day:
            self._day, self._used_s = today, 0.0
        return max(0.0, 60 * self._minutes - self._used_s)

    @contextmanager
    def session(self) -> Iterator[float | None]:
        """Counts a session, and its time when it is over. Gives the seconds that it may last. Raises Busy."""
        if self._sessions is not None and self._open >= self._sessions:
            raise Busy(f"This API key has {self._open} sessions already, as many as it may have.")
        left_s = self.left_s()
        if left_s == 0.0:
            raise Busy("This API key has used its minutes of today.")
        self._open += 1
        began = self._now()
        try:
            yield left_s
        finally:
            self._open -= 1
            self.left_s()
            self._used_s += self._now() - began


@dataclass(frozen=True, slots=True)
class Secret:
    """What a short-lived secret opens: sessions of `key`, which begin as `session` says."""

    key: ApiKey
    session: Mapping[str, Any] | None
    expires_at: float


class ApiKeys:
    """All keys of a server, by digest. Who may enter without one has the key EVERYONE, which has no limits."""

    def __init__(self, keys: Mapping[str, ApiKey] | None = None, now: Callable[[], float] = time.time) -> None:
        self._keys, self._now = dict(keys or {}), now
        self._everyone = ApiKey()
        self._secrets: OrderedDict[str, Secret] = OrderedDict()
        self.origins: frozenset[str] = frozenset()  # sites, as "https://app.example", whose pages may use the endpoints

    @property
    def required(self) -> bool:
        """Whether there are any keys."""
        return bool(self._keys)

    def allow(self, origins: Iterable[str]) -> None:
        """Sets `origins`. Raises BadInput for what is no origin."""
        allowed = frozenset(origin.rstrip("/") for origin in origins)
        for origin in allowed:
            if not ORIGIN.fullmatch(origin):
                raise BadInput(f"{origin[:200]!r} is no origin; write it as https://app.example or http://HOST:PORT.")
        self.origins = allowed

    def find(self, token: str | None) -> ApiKey | None:
        """The key of a bearer token."""
        return self._keys.get(digest(token)) if token else None

    def secret(self, token: str | None) -> Secret | None:
        """The secret of a bearer token, unless it has expired."""
        found = self._secrets.get(digest(token)) if token else None
        return found if found is not None and found.expires_at > self._now() else None

    def key_for(self, token: str | None) -> ApiKey:
        """The key by which a session is counted."""
        secret = self.secret(token)
        return secret.key if secret is not None else self.find(token) or self._everyone

    def new_secret(self, token: str | None, session: Mapping[str, Any] | None, seconds: object) -> tuple[str, int]:
        """(the secret, the Unix time of its end). Raises BadInput for a bad time."""
        if isinstance(seconds, bool) or not isinstance(seconds, int) or not SECRET_S[0] <= seconds <= SECRET_S[1]:
            raise BadInput(f"expires_after.seconds must be between {SECRET_S[0]} and {SECRET_S[1]}.")
        value, expires_at = f"ek_{secrets.token_urlsafe(24)}", self._now() + seconds
        self.adopt_secret(value, token, expires_at, session)
        return value, int(expires_at)

    def adopt_secret(
        self, value: str, token: str | None, expires_at: float, session: Mapping[str, Any] | None = None
    ) -> None:
        """Takes a secret that was made with the key of `token`, here or by another server."""
        self._secrets[digest(value)] = Secret(self.key_for(token), session, expires_at)
        while len(self._secrets) > MOST_SECRETS:
            self._secrets.popitem(last=False)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def bearer(authorization: str | None) -> str | None:
    """The token of an Authorization header."""
    scheme, _, sent = (authorization or "").partition(" ")
    return sent.strip() if scheme.lower() == "bearer" else None


def authorization_in(headers: Mapping[str, str]) -> str | None:
    """The Authorization header; else the key that a browser sends as a WebSocket's subprotocol, where it cannot set a
    header, in the form of one."""
    offered = [name.strip() for name in headers.get("sec-websocket-protocol", "").split(",")]
    key = next((name.removeprefix(KEY_PROTOCOL) for name in offered if name.startswith(KEY_PROTOCOL)), None)
    return headers.get("authorization") or (f"Bearer {key}" if key is not None else None)


def read_api_keys(file: Path) -> ApiKeys:
    """The keys in a TOML file of tables `[[key]]` with `name`, `key`, and perhaps `sessions` and `minutes_per_day`.
    Raises AssistantError that says what is wrong."""
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8")).get("key")
    except (OSError, ValueError) as error:
        raise AssistantError(f"The file of API keys {file} cannot be read: {error}.") from error
    if not isinstance(tables, list) or not tables:
        raise AssistantError(f"The file of API keys {file} has no [[key]].")
    return ApiKeys(dict(_keys(tables, file)))


def _keys(tables: Iterable[Any], file: Path) -> Iterator[tuple[str, ApiKey]]:
    for number, table in enumerate(tables, 1):
        where = f"Key {number} of {file}"
        name, key = (table.get("name"), table.get("key")) if isinstance(table, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(key, str):
            raise AssistantError(f"{where} needs a name and a key.")
        if len(key) < SHORTEST_KEY or not SAFE_KEY.fullmatch(key):
            allowed = "letters, digits or . _ ~ + / = -"
            raise AssistantError(f"{where} must have at least {SHORTEST_KEY} characters, all of them {allowed}")
        if strange := sorted(set(table) - {"name", "key", "sessions", "minutes_per_day"}):
            raise AssistantError(f"{where} has an unknown field {strange[0]}.")
        limits = [table.get(limit) for limit in ("sessions", "minutes_per_day")]
        if not all(limit is None or (isinstance(limit, int | float) and limit > 0) for limit in limits):
            raise AssistantError(f"{where} has a limit that is not a positive number.")
        yield digest(key), ApiKey(name, sessions=limits[0], minutes_per_day=limits[1])
