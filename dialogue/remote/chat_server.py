"""Asks one OpenAI-compatible server over HTTP, and reads what it sends within bounds.

The server is not trusted: whatever it sends costs bounded memory, and the event loop works on it in short slices.
Replies are asked for uncompressed, and compressed ones are refused, so nothing inflates. A request is sent again only
while no word of its reply has come. Leaving a reply closes its connection, at which servers stop computing.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from itertools import count
from typing import Any

import httpx

from dialogue.errors import BadInput, EngineLost
from dialogue.remote.remote_calls import CallPieces
from dialogue.remote.remote_format import delta_text, printable, without_sound
from dialogue.remote.retries import MAY_PASS, Refused, Unavailable, pause_before, retry_after

CONNECT_S, SILENCE_S = 5.0, 30.0
FIRST_S = 20.0  # from the first request to the first word of its reply
TURN_S = 120.0  # from the first request to the last word of its reply
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
NOT_TAKEN = frozenset({400, 404, 415, 422, 501})  # with which servers refuse functions or sound that they lack

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
        first_s: float = FIRST_S,
        turn_s: float = TURN_S,
        clock: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._url, self._model, self._key = url.rstrip("/"), model, api_key
        self._first_s, self._turn_s, self._clock = min(first_s, turn_s), turn_s, clock
        self._offers_tools = self._sends_sound = True  # until it refuses them
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(silence_s, connect=CONNECT_S),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # keeps none
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def reply(self, body: Callable[[str], Body], calls: CallPieces | None = None) -> AsyncGenerator[str, None]:
        """The reply to the request that `body` makes for a model, in pieces of at most MAX_DELTA characters; `calls`
        takes the functions that it calls. A server that refuses to be offered functions is asked without them.

        A reply longer than MAX_REPLY ends there. Raises BadInput where the server sends something unusable or takes
        longer than a turn may, EngineLost where it refuses or breaks off, and its subclass Unavailable where it could
        not be asked, or broke off before the first word, and no try is left.
        """
        began = asyncio.get_running_loop().time()
        for attempt in count(1):
            texts = self._attempt(body, began, calls or CallPieces())
            async with aclosing(texts):
                try:
                    first = await anext(texts, None)
                except Unavailable as lost:
                    pause = pause_before(attempt, lost)
                    left = began + self._first_s - asyncio.get_running_loop().time()
                    if pause is None or pause > left:
                        raise
                else:
                    if first is not None:
                        yield first
                        async for text in texts:
                            yield text
                    return
            await asyncio.sleep(pause)

    async def _attempt(self, body: Callable[[str], Body], began: float, calls: CallPieces) -> AsyncGenerator[str, None]:
        """One try. Raises Unavailable only before the first word."""
        deadline = _Deadline(began + self._first_s)
        calls.clear()
        room, over = MAX_REPLY, False
        with self._plain_errors(deadline):
            async with asyncio.timeout_at(deadline.at):
                response = await self._asked(body(self._model or await self._first()))
            try:
                async with aclosing(self._lines(response, deadline)) as lines:
                    async for line in lines:
                        text = delta_text(line)
                        if text is None:
                            return
                        calls.read(line)
                        over = over or _FINISHED.search(line) is not None
                        if text and not deadline.words:
                            deadline.words, deadline.at = True, began + self._turn_s
                        text, room = text[:room], room - len(text)
                        for start in range(0, len(text), MAX_DELTA):
                            yield text[start : start + MAX_DELTA]
                        if room <= 0:
                            return
                if not over:
                    raise httpx.RemoteProtocolError("the reply broke off")
            finally:
                await response.aclose()

    async def _asked(self, body: Body) -> httpx.Response:
        if not self._offers_tools:
            body.pop("tools", None)
        silent = without_sound(body)
        if silent is not None and not self._sends_sound:
            body, silent = silent, None
        try:
            return await self._request("POST", "/chat/completions", body)
        except EngineLost as refused:
            not_taken = isinstance(refused, Refused) and refused.status in NOT_TAKEN
            if silent is not None and (not_taken or "audio" in str(refused)):  # llama.cpp's server says so with 500
                self._sends_sound = False
            elif not_taken and "tools" in body:
                self._offers_tools = False
            else:
                raise
        return await self._asked(body)

    async def _lines(self, response: httpx.Response, deadline: _Deadline) -> AsyncGenerator[str, None]:
        """The lines of an event stream. Rests after WORK, so that other tasks of the event loop are not held up."""
        received, count, work, pending = 0, 0, 0, b""
        chunks = response.aiter_raw()
        for _ in range(MAX_CHUNKS):
            async with asyncio.timeout_at(deadline.at):
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
        """The response, with its body still to read."""
        request = self._client.build_request(method, self._url + path, json=body)
        try:
            response = await self._client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unavailable(f"No chat server answers at {self._url}; start it, or give another address.") from error
        compressed = response.headers.get("content-encoding", "identity") != "identity"
        if response.status_code != httpx.codes.OK:
            said = b"" if compressed else await self._beginning(response, MAX_ERROR)
            await response.aclose()
            raise self._refusal(response, said)
        if compressed:
            await response.aclose()
            raise BadInput("The chat server compresses its replies, which it was asked not to; switch that off.")
        return response

    def _refusal(self, response: httpx.Response, said: bytes) -> EngineLost:
        status, words = response.status_code, self._shown(said.decode("utf-8", "replace"))
        if status in (401, 403):
            missing = "" if self._key else "none was given; "
            return EngineLost(f"The chat server refused the API key with status {status}: {missing}{words}")
        if status not in MAY_PASS:
            return Refused(f"The chat server refused with status {status}: {words}", status)
        after_s = retry_after(response.headers.get("retry-after"), self._clock().timestamp())
        return Unavailable(f"The chat server refused with status {status}: {words}", after_s)

    def _shown(self, words: str) -> str:
        """Words of the server or of an error, without the key, which servers repeat."""
        hidden = words.replace(self._key, "***") if self._key else words
        return printable(hidden[:SHOWN_ERROR])

    @staticmethod
    async def _beginning(response: httpx.Response, most: int) -> bytes:
        """At least the first `most` bytes of a body, or all of it; then the response is closed."""
        read = b""
        try:
            async with aclosing(response.aiter_raw()) as chunks:  # type: ignore[type-var]  # a generator
                async for chunk in chunks:
                    read += chunk
                    if len(read) >= most:
                        break
        finally:
            await response.aclose()
        return read

    @contextmanager
    def _plain_errors(self, deadline: _Deadline) -> Iterator[None]:
        """Turns errors of the connection into sentences that a user can act on."""
        try:
            yield
        except TimeoutError as error:
            if not deadline.words:
                raise EngineLost(
                    f"The chat server at {self._url} has not begun to answer within {self._first_s:.0f} s; check "
                    "whether it is overloaded."
                ) from error
            raise BadInput(
                f"The chat server took longer than {self._turn_s:.0f} s for its reply; ask again."
            ) from error
        except httpx.TimeoutException as error:
            raise EngineLost(
                f"The chat server at {self._url} has stopped answering; check whether it is overloaded."
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = self._shown(str(error)) or type(error).__name__
            broken = f"The connection to the chat server at {self._url} broke ({why}); ask again."
            may_pass = isinstance(error, httpx.TransportError) and not deadline.words
            raise (Unavailable(broken) if may_pass else EngineLost(broken)) from error


@dataclass
class _Deadline:
    """When a reply must go on, and whether words of it have come."""

    at: float
    words: bool = False


_FINISHED = re.compile(r'"finish_reason"\s*:\s*"')  # of servers that do not send [DONE]
_LONG_LINE = f"The chat server sent a line of more than {MAX_LINE // 1000} kB; ask again, or use another server."
