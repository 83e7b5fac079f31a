"""The page of the memory file and its requests: see, search and delete what calls have left. See docs/wire.md.

Served only where calls are remembered. The guard has checked host, origin and token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, JSONResponse, Response

from dialogue.errors import BadInput
from dialogue.memory.event_log import EventKind
from dialogue.memory.kept_memory import NEWEST, KeptLine, KeptMemory
from ui.http.guard import refusal

SHOWN = 50  # lines of one answer
MOST_WORDS = 200  # characters of a search
KINDS: Mapping[EventKind, str] = {  # as the page calls them
    "told": "statement",
    "asked": "question",
    "said": "reply",
    "read": "text",
    "seen": "thing",
    "left": "left",
}


def memory_router(memory: KeptMemory, page: Path) -> APIRouter:
    router = APIRouter(prefix="/memory")

    @router.get("")
    async def memory_page() -> Response:
        return FileResponse(page / "memory.html")

    @router.get("/lines")
    async def lines(request: Request) -> Response:
        words, before = _words(request), request.query_params.get("before", "")
        newest = int(before) if before.isdecimal() and len(before) < 19 else NEWEST
        try:
            found = await asyncio.to_thread(memory.lines, words, newest, SHOWN + 1)
            count = await asyncio.to_thread(memory.count, words)
        except BadInput as error:
            return refusal(500, "memory", str(error))
        shown = {"lines": [_shown(line) for line in found[:SHOWN]], "more": len(found) > SHOWN, "count": count}
        return JSONResponse(shown)

    @router.delete("/lines/{number}")
    async def delete_one(number: str) -> Response:
        if not number.isdecimal() or len(number) >= 19:
            return refusal(400, "bad_number", "A line has a number.")
        try:
            deleted = await asyncio.to_thread(memory.delete, [int(number)])
        except BadInput as error:
            return refusal(500, "memory", str(error))
        return JSONResponse({"deleted": deleted})

    @router.delete("/lines")
    async def delete_found(request: Request) -> Response:
        words, everything = _words(request), request.query_params.get("all") == "true"
        if bool(words.strip()) == everything:
            return refusal(400, "bad_search", "Name either the words of the lines to delete, or all=true.")
        try:
            deleted = await asyncio.to_thread(memory.delete_found, words)
        except BadInput as error:
            return refusal(500, "memory", str(error))
        return JSONResponse({"deleted": deleted})

    return router


def _words(request: Request) -> str:
    return request.query_params.get("words", "")[:MOST_WORDS]


def _shown(line: KeptLine) -> dict[str, object]:
    return {
        "number": line.number,
        "kind": KINDS[line.kind],
        "at": line.at.isoformat(timespec="seconds"),
        "text": line.text,
    }
