"""The visible text of a page is read, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialogue.library.formats.html_text import html_sections, markup_sections


def words(markup: str) -> str:
    return " ".join(" ".join(section.text for section in markup_sections(markup)).split())


def test_text_is_under_its_heading(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("<body>Before<h1>Opening <b>hours</b></h1><p>From nine.</p><h2>Price</h2>3 &euro;", "utf-8")
    assert [(section.place, section.text.split()[-1]) for section in html_sections(path)] == [
        ("", "Before"),
        ("under “Opening hours”", "nine."),
        ("under “Price”", "€"),
    ]


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>x</script>",
        "<style>x</style>",
        "<div hidden>x<br>x<p>x</p></div>",
        '<p aria-hidden="true">x</p>',
        "<nav><ul><li>x</li></ul></nav>",
        "<!-- x -->",
        "<template><p>x</p></template>",
    ],
)
def test_what_is_hidden_is_left_out(hidden: str) -> None:
    assert words(f"<p>One.</p>{hidden}<p>Two.</p>") == "One. Two."


@pytest.mark.parametrize("damaged", ["<p>One.<div>Two.", "One. Two.", "<p>One.</b></i></p>Two.<p", "<<p>>One. Two."])
def test_damaged_markup_is_read_as_far_as_it_goes(damaged: str) -> None:
    assert {"One.", "Two."} <= set(words(damaged).replace("<", " ").replace(">", " ").split())
