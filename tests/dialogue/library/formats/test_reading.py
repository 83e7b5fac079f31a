"""The name of a file says how it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialogue.library.formats.reading import is_document, pages_of
from dialogue.library.passage import Section
from tests.dialogue.library.formats.made_documents import pdf


def test_endings_are_read_in_any_case(tmp_path: Path) -> None:
    [page] = pages_of(pdf(tmp_path / "A.PDF", "The rent is 940 euros."))
    assert isinstance(page, Section)


@pytest.mark.parametrize("name", ["a.exe", "a", "pdf", "a.doc"])
def test_other_files_are_refused(name: str) -> None:
    assert not is_document(Path(name))
    with pytest.raises(ValueError, match=r"a document is one of \.txt"):
        list(pages_of(Path(name)))
