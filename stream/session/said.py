"""What was said in an earlier conversation, which a new session continues."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dialogue.blocks import ReplyBlock, TextBlock


@dataclass(frozen=True, slots=True)
class Said:
    """One side's words in one turn."""

    by_user: bool
    text: str


def said_blocks(said: Sequence[Said]) -> Iterator[TextBlock | ReplyBlock]:
    """As blocks before the session's beginning, the user's first; turns of one side in a row become one."""
    joined: list[Said] = []
    for each in said:
        if joined and joined[-1].by_user == each.by_user:
            joined[-1] = Said(each.by_user, f"{joined[-1].text}\n{each.text}")
        elif each.by_user or joined:
            joined.append(each)
    for each in joined:
        yield TextBlock(each.text, 0.0, 0.0, typed=True) if each.by_user else ReplyBlock(each.text, 0.0, 0.0)
