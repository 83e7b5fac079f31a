"""What was found leads on to what a question needs besides."""

from __future__ import annotations

from dialogue.library.passage import Passage
from dialogue.library.quotes import Quote
from dialogue.long_text.leads import leads


def quote(text: str) -> Quote:
    return Quote(Passage(1, "notes", "notes.txt", "", text), text, 1.0)


def test_a_lead_has_the_new_names_and_the_words_that_are_missing() -> None:
    text = "The baker sang. The violin belongs to Jonas Lund. A soldier mended it."
    assert leads("To which town has the owner of the violin gone?", [quote(text)]) == [
        "jonas lund belongs town owner gone"
    ]


def test_a_text_without_words_of_the_question_leads_nowhere() -> None:
    assert not leads("Who has the violin?", [quote("The baker sang.")])
