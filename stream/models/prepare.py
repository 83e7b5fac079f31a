"""Fetches, packs and measures the larger embedded LLM in a process of its own, beside the calls of this one.

The process has a low priority and can be ended at any time: what has arrived is kept for the next attempt. It prints
one JSON object a line: {"done": bytes, "total": bytes}, {"ready": true} or {"error": text}.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from dialogue.engines.entries import LARGER_LLM
from dialogue.engines.settings import LargerEmbeddedSettings
from dialogue.errors import AssistantError
from stream.models.fetching.fetch_errors import WeightsError
from stream.models.weights import WeightStore

T = TypeVar("T")

NICENESS = 10
Arrived = Callable[[int, int], None]  # bytes so far, bytes in total


async def prepare(home: Path, arrived: Arrived) -> None:
    """Run the process for the store in `home` until the model can be opened. Raises WeightsError."""
    command = (sys.executable, "-P", "-m", "stream.models.prepare", str(home))
    pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *command, stdin=nowhere, stdout=pipe, stderr=nowhere, start_new_session=True
    )
    assert process.stdout is not None
    try:
        ready = False
        async for line in process.stdout:
            message = json.loads(line)
            if "error" in message:
                raise WeightsError(message["error"])
            ready = ready or "ready" in message
            if "done" in message:
                arrived(message["done"], message["total"])
        if not ready:
            raise WeightsError(f"the process that prepares {LARGER_LLM} ended early; try again")
    finally:
        with suppress(ProcessLookupError):  # the client that downloads belongs to its group
            os.killpg(process.pid, signal.SIGTERM)
        await process.wait()


def _say(**message: object) -> None:
    print(json.dumps(message), flush=True)


def _prepare_here(store: WeightStore) -> None:
    """Raises AssistantError."""
    store.pull([LARGER_LLM], lambda _name, done, total: _say(done=done, total=total))
    from stream.models.open_llm import open_llm  # imports torch, which takes seconds

    open_llm(LargerEmbeddedSettings(), store, _run_here)


async def _run_here(step: Callable[..., T], *args: Any) -> T:
    return step(*args)


if __name__ == "__main__":
    os.nice(NICENESS)
    try:
        _prepare_here(WeightStore(Path(sys.argv[1])))
        _say(ready=True)
    except AssistantError as error:
        _say(error=str(error))
