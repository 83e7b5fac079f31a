"""Asks one OpenAI-compatible server over HTTP, and reads what it sends within bounds.

The server is not trusted: whatever it sends costs bounded memory, and the event loop works on it in short slices.
Replies are asked for uncompressed, and compressed ones are refused, so nothing inflates.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from dialogue.errors import BadInput, EngineLost
from dialogue.remote.remote_format import delta_text, printable

CONNECT_S, SILENCE_S = 5.0, 30.0
TURN_S = 120.0  # from the request to the last word of its reply
TRIES, PAUSE_S = 3, 0.3
# Lines, chunks and kilobytes of JSON that are read in one go, about two milliseconds, and the rest after them.
WORK, REST_S = 64, 0.005

MAX_LINE = 64_000  # bytes of one line of an event stream
# Of one reply, with the JSON around its words, and with the thoughts of a model that thinks.
MAX_STREAM, MAX_LINES, MAX_CHUNKS = 4_000_000, 50_000, 10_000  # bytes, lines, pieces that the network brings
MAX_REPLY = 4_000  # characters of one reply: four minutes of speech
MAX_DELTA = 1_000  # characters of one delta; longer ones are cut into several
MAX_ERROR = 4_000  # bytes read of an error's body
SHOWN_ERROR = 300  # characters
MAX_MODEL_LIST = 500_000  # bytes
MAX_MODEL_NAME = 200  # characters

Body = dict[str, Any]


class ChatServer:
    """The server at `url` (".../v1"), for one session. `model` None takes the first one that it lists."""

    def __init__(
        self,
        url: str,
        model: str | None,
        *,
        api_key: str | None = None,
        silence_s: float = SILENCE_S,
        turn_s: float = TURN_S,
    ) -> None:
        self._url, self._model, self._turn_s = url.rstrip("/"), model, turn_s
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(silence_s, connect=CONNECT_S),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # keeps none
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def reply(self, body: Callable[[str], Body]) -> AsyncIterator[str]:
        """The reply to the request that `body` makes for a model, in pieces of at most MAX_DELTA characters.

        A reply longer than MAX_REPLY ends there. Raises BadInput where the server sends something unusable or takes
        longer than a turn may, and EngineLost where it cannot be reached, refuses, or breaks off.
        """
        deadline = asyncio.get_running_loop().time() + self._turn_s
        room = MAX_REPLY
        with self._plain_errors():
            async with asyncio.timeout_at(deadline):
                response = await self._request("POST", "/chat/completions", body(self._model or await self._first()))
            try:
                async with aclosing(self._lines(response, deadline)) as lines:  # type: ignore[type-var]
                    async for line in lines:
                        text = delta_text(line)
                        if text is None:
                            return
                        text, room = text[:room], room - len(text)
                        for start in range(0, len(text), MAX_DELTA):
                            yield text[start : start + MAX_DELTA]
                        if room <= 0:
                            return
            finally:
                await response.aclose()

    async def _lines(self, response: httpx.Response, deadline: float) -> AsyncIterator[str]:
        """The lines of an event stream. Rests after WORK, so that other tasks of the event loop are not held up."""
        received, count, work, pending = 0, 0, 0, b""
        chunks = response.aiter_raw()
        for _ in range(MAX_CHUNKS):
            async with asyncio.timeout_at(deadline):
                chunk = await anext(chunks, b"")
            *lines, pending = (pending + chunk).split(b"\n")
            received, count, work = received + len(chunk), count + len(lines), work + 1
            if received > MAX_STREAM or count > MAX_LINES:
                break
            for line in lines if chunk else [pending]:
                if len(line) > MAX_LINE:
                    raise BadInput(_LONG_LINE)
                yield line.decode("utf-8", "replace")
                work += 1 + len(line) // 1000
                if work > WORK:
                    await asyncio.sleep(REST_S)
                    work = 0
            if len(pending) > MAX_LINE:
                raise BadInput(_LONG_LINE)
            if not chunk:
                return
            if work > WORK:  # small chunks may come without a wait
                await asyncio.sleep(REST_S)
                work = 0
        raise BadInput("The chat server sends a reply without end; ask again, or use another server.")

    async def _first(self) -> str:
        response = await self._request("GET", "/models")
        listed = await self._beginning(response, MAX_MODEL_LIST + 1)
        if len(listed) > MAX_MODEL_LIST:
            raise BadInput(f"The chat server at {self._url} lists too many models; say which one to use.")
        try:
            name = json.loads(listed)["data"][0]["id"]
        except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
            raise BadInput(f"The chat server at {self._url} lists no model; say which one to use.") from error
        if not isinstance(name, str) or len(name) > MAX_MODEL_NAME or printable(name) != name:
            raise BadInput(f"The chat server at {self._url} lists a model without a usable name; say which one to use.")
        self._model = name
        return name

    async def _request(self, method: str, path: str, body: Body | None = None) -> httpx.Response:
        """The response, with its body still to read. Tries again only while no connection can be made."""
        request = self._client.build_request(method, self._url + path, json=body)
        for attempt in range(TRIES):
            try:
                response = await self._client.send(request, stream=True)
                break
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if attempt == TRIES - 1:
                    lost = f"No chat server answers at {self._url}; start it, or give another address."
                    raise EngineLost(lost) from error
                await asyncio.sleep(PAUSE_S * 2**attempt)
        compressed = response.headers.get("content-encoding", "identity") != "identity"
        if response.status_code != httpx.codes.OK:
            said = b"" if compressed else await self._beginning(response, MAX_ERROR)
            await response.aclose()
            words = printable(said.decode("utf-8", "replace")[:SHOWN_ERROR])
            raise EngineLost(f"The chat server refused with status {response.status_code}: {words}")
        if compressed:
            await response.aclose()
            raise BadInput("The chat server compresses its replies, which it was asked not to; switch that off.")
        return response

    @staticmethod
    async def _beginning(response: httpx.Response, most: int) -> bytes:
        """At least the first `most` bytes of a body, or all of it; then the response is closed."""
        read = b""
        try:
            async with aclosing(response.aiter_raw()) as chunks:  # type: ignore[type-var]
                async for chunk in chunks:
                    read += chunk
                    if len(read) >= most:
                        break
        finally:
            await response.aclose()
        return read

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Turns errors of the connection into sentences that a user can act on."""
        try:
            yield
        except TimeoutError as error:
            raise BadInput(
                f"The chat server took longer than {self._turn_s:.0f} s for its reply; ask again."
            ) from error
        except httpx.TimeoutException as error:
            raise EngineLost(
                f"The chat server at {self._url} has stopped answering; check whether it is overloaded."
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = printable(str(error)[:SHOWN_ERROR]) or type(error).__name__
            raise EngineLost(
                f"The connection to the chat server at {self._url} broke ({why}); start the conversation again."
            ) from error


_LONG_LINE = f"The chat server sent a line of more than {MAX_LINE // 1000} kB; ask again, or use another server."
