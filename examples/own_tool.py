"""Gives a model a function of your own: `own_tool.py openbmb/MiniCPM3-4B "How many screws A-17 are left?"`.

MiniCPM3 and chat models of the Qwen and Llama 3 families call functions. The function's type hints and docstring are
what the model reads. A model may call it whenever it decides to, also because of words on a sign in the room: give it
nothing dangerous.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

from omnilive import Assistant

STOCK = {"A-17": 340, "B-02": 0}


def pieces_in_stock(part: Annotated[str, "the part's number, such as A-17"]) -> int:
    """Look up how many pieces of a part are in the warehouse."""
    if part not in STOCK:
        raise LookupError(f"There is no part {part}; there are {', '.join(STOCK)}.")
    return STOCK[part]


def main(arguments: Sequence[str]) -> None:
    model, question = arguments
    with Assistant.from_pretrained(model, quantize="int4", tools=[pieces_in_stock]) as assistant:
        print(assistant.chat([{"role": "user", "content": question}]))


if __name__ == "__main__":
    main(sys.argv[1:])
