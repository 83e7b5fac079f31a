"""Runs one call of a tool and reads its result."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from dialogue.tools.function_call import FunctionCall
from dialogue.tools.running_calls import run_call
from dialogue.tools.tool import Tool


def result_of(call: FunctionCall, tools: Sequence[Tool]) -> Any:
    return json.loads(asyncio.run(run_call(call, tools)))
