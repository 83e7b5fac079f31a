"""What becomes of a full-duplex turn that the user interrupts: the context is told what was really heard.

The units since the first one that was not heard to its end are taken back. What the user said and showed in them is
put in again as it was; of the assistant's words only those that reached the user's ears. The published system goes
on as if everything had been heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dialogue.llm.batching import Steps
from dialogue.minicpm.sessions.duplex import Duplex, DuplexMark, SpokenPiece
from dialogue.minicpm.sessions.duplex_senses import UnitRows


@dataclass(frozen=True, slots=True, eq=False)
class HeardReply:
    """A unit of the present turn: where it began, what came in, what was said."""

    place: DuplexMark
    heard: UnitRows
    said: SpokenPiece


def break_off(session: Duplex, turn: Sequence[HeardReply], characters: int) -> Steps[None]:
    """The user has heard so many `characters` of the text of these units; the turn is over."""
    first, before = 0, 0
    while first < len(turn) and before + len(turn[first].said.text) <= characters:
        before += len(turn[first].said.text)
        first += 1
    again = [told for told in turn[first:] if told.place.unit >= session.context.dropped]
    if not again:
        session.turn_open, session.speech = False, None
        return
    session.forget_units(again[0].place)
    for told in again:
        tokens = _kept(session, told, characters - before) if told is turn[first] else []
        yield from session.hear_again(told.heard)
        yield from session.repeat(tokens or [session.signs.listen, session.signs.unit_end])


def _kept(session: Duplex, told: HeardReply, characters: int) -> list[int]:
    """The tokens of a unit up to those characters, and its end; none where nothing of it was heard."""
    decode = session.model.words.decode
    count = 0
    while count < len(told.said.spoken) and len(decode(told.said.spoken[: count + 1])) <= characters:
        count += 1
    said = told.said.spoken[:count]
    if not decode(said):
        return []
    return [told.said.tokens[0], *said, session.signs.chunk_end, session.signs.unit_end]
