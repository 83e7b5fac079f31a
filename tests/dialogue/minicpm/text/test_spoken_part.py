from __future__ import annotations

import random

import pytest

from dialogue.minicpm.text.function_calls import CALLS, THOUGHT
from dialogue.minicpm.text.spoken_part import SpokenPart

CALL = f"{CALLS[0]}\n```python\nget_time()\n```\n{CALLS[1]}"
CASES = {
    "Just words, <b>even so</b>.": "Just words, <b>even so</b>.",
    f"{THOUGHT[0]}\nHm.\n{THOUGHT[1]}\nYes. ": "Yes.",
    f"{THOUGHT[0]}I go on for ever": "",
    f"{THOUGHT[0]}Hm.{THOUGHT[1]}{CALL}": "",
    f"Let me see. {CALL} It is noon.": "Let me see.",
    f"One {THOUGHT[0]}hm{THOUGHT[1]} two.": "One  two.",
    f"Stray{THOUGHT[1]} marks{CALLS[1]}.": "Stray marks.",
    "It is <|thought": "It is <|thought",
    f"A {CALLS[0]} that never ends": "A",
    "": "",
}


@pytest.mark.parametrize("written", CASES)
def test_what_is_said_of_an_answer_in_any_pieces(written: str) -> None:
    for seed in range(20):
        part, said, at = SpokenPart(), "", 0
        pieces = random.Random(seed)
        while at < len(written) and not part.done:
            size = pieces.randint(1, 12)
            said += part.push(written[at : at + size])
            assert CASES[written].startswith(said.rstrip()), "nothing is taken back"
            at += size
        said += part.end()
        assert said.rstrip() == CASES[written]
        assert part.done == (CALLS[1] in written.partition(CALLS[0])[2])
