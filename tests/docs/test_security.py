"""Every row of the threat model names a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [line for line in (ROOT / "docs/security.md").read_text().splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_a_row_names_a_test(row: str) -> None:
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert len(cells) == 4 and all(cells)
    found = re.fullmatch(r"`(tests/[\w/]+\.py)::(test_\w+)`", cells[3])
    assert found
    assert re.search(rf"^def {found[2]}\(", (ROOT / found[1]).read_text(), re.MULTILINE)


def test_there_is_a_row_for_every_kind_of_attacker() -> None:
    assert len(ROWS) >= 15
    whole = "\n".join(row.split("|")[1] for row in ROWS)
    for kind in ("stranger", "page", "caller", "model file", "media file", "sign", "voice", "remote"):
        assert kind in whole
