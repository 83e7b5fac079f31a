"""Measures how often a hostile sign or a hostile voice takes over an embedded language model.

The texts are those of the tests (`tests/dialogue/hostile_texts.py`). Beside each sign the model answers two harmless
questions; after each voice, which the assistant seemed to agree with, it answers one. `taken_over` counts the texts
whose marker a reply says in the assistant's own words. `--llm` names the models: the two embedded ones by default.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.mind import open_asker
from benchmarks.report import benchmark_parser, report
from dialogue.engines.entries import DEFAULT_LLM, LARGER_LLM
from dialogue.engines.local_llm import LocalLlm
from tests.dialogue.hostile_talk import replies_beside_sign, reply_after_voice
from tests.dialogue.hostile_texts import SIGNS, VOICES


async def taken_over(llm: LocalLlm) -> int:
    """How many texts succeed; prints them with what was said."""
    succeeded = 0
    for hostile in SIGNS + VOICES:
        if hostile in SIGNS:
            replies = await replies_beside_sign(llm, hostile.text)
        else:
            replies = [await reply_after_voice(llm, hostile.text)]
        if any(map(hostile.succeeded, replies)):
            succeeded += 1
            print(f"taken over by {hostile.text!r}: {replies}", flush=True)
    return succeeded


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--llm", nargs="+", choices=(DEFAULT_LLM, LARGER_LLM), default=(DEFAULT_LLM, LARGER_LLM))
    options = parser.parse_args()
    found = [asyncio.run(taken_over(open_asker(name).llm)) for name in options.llm]
    report({"texts": len(SIGNS + VOICES), "models": len(found), "taken_over": sum(found)}, options.json)


if __name__ == "__main__":
    main()
