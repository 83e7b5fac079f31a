"""Partial transcripts of a long turn, joined to one: of a long speech the ears take down only the end anew each time.

Such a part begins with "…". Pure: compares words, knows no tokens.
"""

from __future__ import annotations

import re

CUT = "…"

# So many words in a row must agree to tell where a part belongs; its first ones may be halves.
_AGREEING, _HALVES = 3, 2


def joined(before: str, part: str) -> str:
    """`before` up to where `part` begins, then `part`; `before` alone where the two have nothing in common."""
    if not part.startswith(CUT):
        return part
    known, new = before.split(), part.removeprefix(CUT).split()
    plain_known, plain_new = [_plain(word) for word in known], [_plain(word) for word in new]
    for skipped in range(_HALVES + 1):
        sought = plain_new[skipped : skipped + _AGREEING]
        if len(sought) < _AGREEING:
            break
        # From the end: what is repeated was said last.
        for at in range(len(known) - _AGREEING, -1, -1):
            if plain_known[at : at + _AGREEING] == sought:
                return " ".join([*known[:at], *new[skipped:]])
    return before


def _plain(word: str) -> str:
    return re.sub(r"[^\w']", "", word).lower()
