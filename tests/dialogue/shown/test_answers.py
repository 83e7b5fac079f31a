"""Questions about things that were shown are answered by rule, exactly; other questions are left to the model.

Also tests `amounts.py`, `comparing.py`, `dialogue/text/dates.py`, `excerpts.py`, `film_answers.py`, `receipts.py`,
`sheets_compared.py`, `shown_thing.py`, `subjects.py` and `view_changes.py`.
"""

from __future__ import annotations

import json

import pytest

from dialogue.blocks import Fact, Place, SceneBlock
from dialogue.shown.amounts import amounts_in, total_of
from dialogue.shown.answers import answer_about_shown
from dialogue.shown.excerpts import excerpts
from dialogue.shown.sheets_compared import answer_from_sheets
from dialogue.shown.shown_thing import PageText, SaidAt, ShownThing, View
from dialogue.shown.subjects import Attention, names_of, subjects
from dialogue.text.dates import date_in

FRESH, LATER = Attention(True, False, True), Attention(False, False, True)


def view(*rows: str, things: tuple[tuple[str, Place], ...] = (), at_s: float = 0.0) -> View:
    facts = [Fact("object", label, place=place) for label, place in things]
    facts += [Fact("text", "text", text=row) for row in rows]
    described = ", ".join(label for label, _ in things) or "Nothing that I know by name"
    return View(SceneBlock(tuple(facts), described, 0.0), rows, at_s)


def picture(number: int, *rows: str, things: tuple[tuple[str, Place], ...] = (), taken: str = "") -> ShownThing:
    return ShownThing(number, 1, "picture", f"{number}.jpg", (view(*rows, things=things),), taken=taken)


MARKET = picture(1, "SUPER MARKET", "20.11.2026 17:42", "Milk 1.35", "TOTAL EUR 12.30", things=(("cup", "left"),))
BAKERY = picture(2, "BAKERY", "18.11.2026 09:12", "Roll 0.60", "Total 4.20", things=(("cat", "left"), ("cup", "right")))
FILM = ShownThing(
    1,
    1,
    "film",
    "trip.mp4",
    (view(things=(("person", "left"),)), view("EXIT 42", things=(("person", "left"), ("dog", "right")), at_s=42.0)),
    (SaidAt("The train leaves at seven.", 5.2, 7.0),),
    seconds=58.0,
)


def ask(question: str, *things: ShownThing, attention: Attention = FRESH) -> str | None:
    return answer_about_shown(question, subjects(question, things, attention))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "Which of these two is newer?",
            "The first one: it is dated 20 November 2026, the second one 18 November 2026.",
        ),
        ("Which is the oldest?", "The second one: it is dated 18 November 2026, the first one 20 November 2026."),
        ("Add up these receipts, please.", "12.30 and 4.20 make 16.50 euros."),
        ("How much is it altogether?", "12.30 and 4.20 make 16.50 euros."),
        ("What's the total on the second one?", "The total is 4.20."),
        ("Is there a cat in the second picture?", "Yes, there is a cat on the left."),
        ("Which picture shows a cat?", "The second picture."),
        ("What does the first one say?", "It says: “SUPER MARKET, 20.11.2026 17:42, Milk 1.35, TOTAL EUR 12.30”"),
        ("Tell me a joke.", None),
        ("How much is two plus two?", None),
        ("What is the sum of 3 and 4?", None),
        ("How much did I spend altogether?", "12.30 and 4.20 make 16.50 euros."),
        ("What is the capital of France?", None),
    ],
)
def test_two_receipts(question: str, answer: str | None) -> None:
    said = ask(question, MARKET, BAKERY)
    assert said == answer or (question.startswith("Is there") and said is not None and "cat" in said)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What's new in the second one?", "In the second picture there is also a cat."),
        ("What does the second one show that the first does not?", "A cat."),
        ("What does the first one show that the second doesn't?", None),
    ],
)
def test_pictures_are_compared_where_one_is_asked_about_beside_the_other(question: str, answer: str | None) -> None:
    said = ask(question, MARKET, BAKERY)
    assert said == answer or (said is not None and answer is not None and said.startswith(answer))


ROOM_A = picture(1, "ROOM A | ", "Fee | 40.00", "Seats | 12")
ROOM_B = picture(2, "ROOM B | ", "Fee | 55.50", "Seats | 9")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which room is cheaper?", "The first one. “Fee”: the first one 40.00 and the second one 55.50."),
        ("Which one has more seats?", "The first one. “Seats”: the first one 12 and the second one 9."),
        ("By how much do the fees differ?", "“Fee”: the first one 40.00 and the second one 55.50. That is 15.50 more."),
        ("Which room is cheaper to heat?", None),
        ("Which one is nicer?", None),
    ],
)
def test_rows_of_one_name_are_compared(question: str, answer: str | None) -> None:
    assert answer_from_sheets(question, [ROOM_A, ROOM_B], names_of([ROOM_A, ROOM_B])) == answer


def test_figures_as_json_are_what_was_read_and_null_where_nothing_was() -> None:
    said = ask("Give me the date, time and total as JSON.", MARKET, BAKERY)
    assert said is not None
    assert json.loads(said) == [
        {"date": "2026-11-20", "time": "17:42", "total": 12.3},
        {"date": "2026-11-18", "time": "09:12", "total": 4.2},
    ]
    [empty] = [ask("Give me the date and total as JSON.", picture(1, "HELLO THERE"))]
    assert empty is not None
    assert json.loads(empty) == {"date": None, "total": None}


def test_what_is_missing_is_said_and_not_guessed() -> None:
    assert ask("Add these up.", MARKET, picture(2, "HELLO")) == (
        "There is only one total: 12.30 euros. I find no total on the second one."
    )
    dollars = picture(2, "TOTAL $4.20")
    assert "different currencies" in (ask("Add them up.", MARKET, dollars) or "")
    assert ask("Which is newer?", MARKET, picture(2, "x")) == "I can't tell: I find no date on the second one."
    both_ways = [picture(1, "03/04/2026"), picture(2, "04/03/2026")]
    assert ask("Which is newer?", *both_ways) == (
        "I can't tell: their dates can be read with the day or with the month first."
    )
    taken = [picture(1, taken="2026-05-01T10:00:00"), picture(2, taken="2026-05-03T10:00:00")]
    assert (ask("Which of these photos is newer?", *taken) or "").startswith("The second one: it was taken on 3 May")


def test_what_changed_names_things_places_and_text() -> None:
    before = picture(1, "OPEN", "MON-FRI", things=(("cup", "left"), ("book", "centre")))
    after = picture(2, "CLOSED", "MON-FRI", things=(("cup", "right"),))
    assert ask("What changed?", before, after) == (
        "The book is gone. The cup has moved from the left to the right. “OPEN” has become “CLOSED”."
    )
    assert ask("What changed?", before, before) == "I see no difference between them."


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When does the dog appear?", "I first see the dog at 0:42."),
        ("When do they talk about the train?", "At 0:05 somebody says “The train leaves at seven.”."),
        ("What is said in the film?", "At 0:05 it says: “The train leaves at seven.”"),
        ("How long is it?", "It lasts 0:58."),
        ("Who directed it?", None),
    ],
)
def test_a_film_is_answered_with_times(question: str, answer: str | None) -> None:
    assert ask(question, FILM) == answer


def test_a_film_is_summarised_with_times() -> None:
    said = ask("Summarise the film.", FILM)
    assert said is not None
    assert said.startswith("The film lasts 0:58. At 0:00 I see person. At 0:05 somebody says “The train")
    assert "At 0:42" in said and "a dog" in said and "“EXIT 42”" in said


def test_the_camera_keeps_its_questions_unless_something_was_just_shown() -> None:
    for question in ("What do you see?", "What changed?", "How many cats are there?", "What is in the picture?"):
        assert not subjects(question, [MARKET, BAKERY], LATER), question
        assert subjects(question, [MARKET, BAKERY], FRESH), question
    assert len(subjects("Add up the receipts.", [MARKET, BAKERY], LATER)) == 2
    assert subjects("What is in the picture I sent?", [MARKET, BAKERY], LATER)


def test_excerpts_of_a_long_document_are_those_that_share_words() -> None:
    pages = tuple(PageText(f"page {number}", f"Line about topic{number}. " * 20) for number in range(1, 30))
    found = excerpts("What is said about topic17?", ShownThing(1, 1, "document", "a.pdf", pages=pages))
    assert any("page 17" in text for _, text in found)
    assert sum(len(text) for _, text in found) < 3000


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        (["Subtotal 3.55", "Tax 0.20", "TOTAL 3.75", "Cash 5.00", "Change 1.25"], "3.75"),
        (["Summe EUR", "1.234,50"], "1234.50 euros"),
        (["合计 ￥88.00"], "88.00 yuan"),
        (["Total items 3", "Amount due: $12.00"], "12.00 dollars"),
        (["A 1.00", "B 2.00"], None),
    ],
)
def test_the_total_is_the_amount_to_be_paid(rows: list[str], total: str | None) -> None:
    found = total_of(rows)
    assert (found.spoken if found is not None else None) == total


def test_times_shares_and_numbers_are_no_amounts() -> None:
    assert [each.spoken for each in amounts_in("17:42 19.00% 20.11.2026 1.5 kg 2 x 1.35 -0.50")] == ["1.35", "-0.50"]
    assert date_in(["Nov 20, 2026 5:42 PM"]) == date_in(["2026-11-20  17:42"])
