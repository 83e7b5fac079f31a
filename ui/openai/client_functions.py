"""Functions that run in the client: the model calls one, the client is asked, and the reply goes on with its result."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from dialogue.errors import BadInput
from dialogue.tools.tool import Tool

WITHIN_S = 60.0

Call = Callable[[str, str, str], None]  # asks the client: the id of the call, the function, its arguments as JSON


class ClientFunctions:
    """The functions of one session, as tools of its engine."""

    def __init__(self, call: Call, within_s: float = WITHIN_S) -> None:
        self._call, self._within_s = call, within_s
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, asyncio.Future[str]] = {}

    def tools(self, described: Sequence[Mapping[str, Any]]) -> tuple[Tool, ...]:
        """Raises BadInput for an invalid description."""
        return tuple(Tool.described(each, self._runs(_name(each))) for each in described)

    def give(self, call_id: str, result: str) -> None:
        """The client's result; dropped where nothing waits for it any more."""
        waiting = self._waiting.get(call_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(result)

    def _runs(self, name: str) -> Callable[..., Awaitable[str]]:
        async def run(**arguments: Any) -> str:
            call_id = f"call_{secrets.token_hex(10)}"
            self._waiting[call_id] = self._loop.create_future()
            self._call(call_id, name, json.dumps(arguments))
            try:
                async with asyncio.timeout(self._within_s):
                    return await self._waiting[call_id]
            except TimeoutError:
                raise BadInput(f"The client sent no result of {name} within {self._within_s:.0f} s.") from None
            finally:
                del self._waiting[call_id]

        return run


def _name(described: Mapping[str, Any]) -> str:
    """The name, which chat APIs have one level deeper."""
    inner = described.get("function", described)
    return str(inner.get("name")) if isinstance(inner, Mapping) else ""
