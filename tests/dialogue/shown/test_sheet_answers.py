"""Figures of receipts, menus and tables are answered exactly; what is not understood word by word is left alone.

Also tests `sheet.py` and `sheet_questions.py`.
"""

from __future__ import annotations

import pytest

from dialogue.shown.sheet_answers import answer_from_sheet

RECEIPT = [
    "CORNER SHOP\n14.02.2026 18:20\n3 Candles | 6.60\nSoap | 2.40\nOlive oil 0.5 l | 7.90\nSubtotal | 16.90\n"
    "Discount | -1.90\nTOTAL EUR | 15.00\nCash | 20.00\nChange | 5.00"
]
PRICES = ["| Morning | Evening\nAdult | 6.00 | 8.50\nChild | 3.00 | 4.00\nFamily | 14.00 | 19.00"]
LEAGUE = ["Club | Played | Points\nLions | 12 | 25\nBears | 12 | 21\nFoxes | 11 | 9"]
CARD = ["For 4 people\nRice | 300 g\nEggs | 2"]
BOARD = ["BOAT HIRE", "1 hour 9.00", "Life jacket 1.50"]

ANSWERED = [
    (RECEIPT, "What did it all cost?", "The total is 15.00 euros."),
    (RECEIPT, "What is the date on the receipt?", "It says 14 February 2026."),
    (RECEIPT, "Which date does it have?", "It says 14 February 2026."),
    (RECEIPT, "How much is the soap?", "“Soap”: 2.40."),
    (RECEIPT, "What does one candle cost?", "“Candles”: 6.60 for three, 2.20 each."),
    (RECEIPT, "How many candles did I buy?", "Three: “Candles”: 6.60 for three, 2.20 each."),
    (RECEIPT, "How many different items are there?", "There are three."),
    (RECEIPT, "What was the most expensive item?", "“Olive oil 0.5 l”: 7.90."),
    (
        RECEIPT,
        "How much are soap and olive oil together?",
        "“Soap”: 2.40 and “Olive oil 0.5 l”: 7.90. That makes 10.30.",
    ),
    (
        RECEIPT,
        "How much more did I pay for the oil than for the soap?",
        "“Olive oil 0.5 l”: 7.90, “Soap”: 2.40. That is 5.50 more.",
    ),
    (PRICES, "What does a child pay in the evening?", "“Child”, “Evening”: 4.00."),
    (
        PRICES,
        "What is the difference between morning and evening for an adult?",
        "“Adult”, “Evening”: 8.50, “Adult”, “Morning”: 6.00. That is 2.50 more.",
    ),
    (
        PRICES,
        "What do two adults and a child pay in the morning?",
        "two times “Adult”, “Morning”: 12.00 and “Child”, “Morning”: 3.00. That makes 15.00.",
    ),
    (LEAGUE, "How many points do the Bears have?", "“Bears”, “Points”: 21."),
    (LEAGUE, "How many clubs are listed?", "There are three."),
    (CARD, "How much rice do I need?", "“Rice”: 300 g."),
    (BOARD, "How much would three hours be?", "three times “1 hour”: 27.00."),
    (BOARD, "I have ten euros. Is that enough for an hour?", "Yes: that is 9.00."),
]
LEFT_ALONE = [
    (RECEIPT, "What did I buy at the other shop?"),
    (RECEIPT, "Who sold me the soap?"),
    (RECEIPT, "How much does soap cost in France?"),
    (RECEIPT, "How much is two plus three?"),
    (RECEIPT, "What is olive oil?"),
    (RECEIPT, "How many continents are there?"),
    (PRICES, "What does a child pay?"),
    (PRICES, "What does a student pay in the morning?"),
    (LEAGUE, "How many points do the Bears need to win?"),
    (CARD, "How many eggs do I need for eight people?"),
    (CARD, "How many people is it for?"),
    ([], "How much is it?"),
]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who is the oldest?", "“Lindt”, “Age”: 17."),
        ("How old is Ahmed?", "“Ahmed”, “Age”: 16."),
        ("Who is at the top?", "“Ahmed”."),
        ("Who comes last?", "“Lindt”."),
        ("Who won last year?", None),
    ],
)
def test_rows_of_a_table_are_ordered(question: str, answer: str | None) -> None:
    assert answer_from_sheet(question, ["Runner | Track | Age\nAhmed | 2 | 16\nLindt | 6 | 17"]) == answer


def test_a_column_of_words_has_a_first_and_a_last_one() -> None:
    plan = [" | Tuesday | Friday\n9:00 | Judo | Chess\n18:00 | Choir | Judo"]
    assert answer_from_sheet("What's the last course on Friday?", plan) == "“Judo”: “18:00”."
    assert answer_from_sheet("Which course comes first on Tuesday?", plan) == "“Judo”: “9:00”."


@pytest.mark.parametrize(("texts", "question", "answer"), ANSWERED)
def test_figures_are_answered_exactly(texts: list[str], question: str, answer: str) -> None:
    assert answer_from_sheet(question, texts) == answer


@pytest.mark.parametrize(("texts", "question"), LEFT_ALONE)
def test_what_is_not_understood_is_left_to_the_model(texts: list[str], question: str) -> None:
    assert answer_from_sheet(question, texts) is None
