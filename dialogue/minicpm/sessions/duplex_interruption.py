"""Barge-in in full duplex: corrects the context to what the user really heard of an interrupted turn.

Units from the first one that was not played to its end are rewound and prefilled again: the user's input unchanged,
the assistant's text only as far as it was heard. The published system continues as if everything had been heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dialogue.llm.batching import Steps
from dialogue.minicpm.sessions.duplex import Duplex, DuplexMark, SpokenPiece
from dialogue.minicpm.sessions.duplex_input import UnitRows


@dataclass(frozen=True, slots=True, eq=False)
class ReplyUnit:
    """A unit of the current turn: its start, its input and its output."""

    mark: DuplexMark
    heard: UnitRows
    said: SpokenPiece


def break_off(session: Duplex, turn: Sequence[ReplyUnit], characters: int) -> Steps[None]:
    """End the turn after the first `characters` of the text of these units, which the user has heard."""
    first, before = 0, 0
    while first < len(turn) and before + len(turn[first].said.text) <= characters:
        before += len(turn[first].said.text)
        first += 1
    again = [unit for unit in turn[first:] if unit.mark.unit >= session.context.dropped]
    if not again:
        session.turn_open, session.speech = False, None
        return
    session.rewind_units(again[0].mark)
    for unit in again:
        tokens = _heard_tokens(session, unit, characters - before) if unit is turn[first] else []
        yield from session.hear_again(unit.heard)
        yield from session.repeat(tokens or [session.control.listen, session.control.unit_end])


def _heard_tokens(session: Duplex, unit: ReplyUnit, characters: int) -> list[int]:
    """The tokens of a unit for its first `characters`, and its end; empty if nothing of it was heard."""
    decode = session.model.words.decode
    count = 0
    while count < len(unit.said.spoken) and len(decode(unit.said.spoken[: count + 1])) <= characters:
        count += 1
    said = unit.said.spoken[:count]
    if not decode(said):
        return []
    return [unit.said.tokens[0], *said, session.control.chunk_end, session.control.unit_end]
