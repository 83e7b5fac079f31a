"""A figure that stands in a text is not taken for another one."""

from __future__ import annotations

import pytest

from dialogue.prompts.figure_support import figures_fit, names_wrong_figure

MENU = ["[9.0 s text: “CAFE LUNA; Soup: 5.20; Lamb stew: 14.90; Served in 20 min; 03.06.2026; Total: 20.10”]"]
KIOSK = ["[9.0 s text: “BOAT HIRE; 2 Paddles: 6.00; Total: 21.00; Last boarding 17:15; Deck 4”]"]
COURSES = ["[9.0 s text: “9:00: Tuesday Judo, Friday Chess; 18:00: Tuesday Choir, Friday Judo”]"]
HEATS = ["[9.0 s text: “Runner Ahmed: Track 2, Age 16; Runner Lindt: Track 6, Age 17”]"]
TABLE = ["[9.0 s text: “Crew Blue: Rowed 4, Won 1; Crew Green: Rowed 3, Won 3”]"]


@pytest.mark.parametrize(
    ("asked", "said", "fit"),
    [
        ("What does the stew cost?", "It costs 14.90.", True),
        ("What does a beer cost?", "A beer is 5.20.", False),
        ("What was the total last year?", "The total was 20.10.", False),
        ("What's the licence number?", "It is 03.06.2026.", False),
        ("What's the total number?", "It is 20.10.", True),
        ("What's the soup?", "The stew is 14.90.", False),
        ("What do I owe?", "You owe 20.10.", True),
        ("How long does it take?", "It takes 20 minutes.", True),
        ("How long is it open?", "It is open for 3 hours.", False),
        ("What is their phone number?", "It is 03.06.2026.", False),
        ("Can I phone them?", "Yes, at 03.06.2026 20:10.", False),
        ("What is the date?", "It is 03.06.2026.", True),
        ("Until when is the voucher valid?", "It is valid until 03.06.2026.", False),
    ],
)
def test_figures_belong_to_what_is_said_of_them(asked: str, said: str, fit: bool) -> None:
    assert figures_fit(said, asked, MENU) is fit


@pytest.mark.parametrize(
    ("asked", "said", "fit"),
    [
        ("How many races has Green rowed?", "Green has rowed 3 races.", True),
        ("How many did Red win?", "Red won 4.", False),
        ("How old is the Blue boat?", "The Blue boat is 4 years old.", False),
        ("When is the next race?", "The next race is between Blue and Green.", False),
        ("Which crew won most?", "Green.", True),
    ],
)
def test_a_cell_of_a_table_needs_its_row_and_its_column(asked: str, said: str, fit: bool) -> None:
    assert figures_fit(said, asked, TABLE) is fit


@pytest.mark.parametrize(
    ("entries", "asked", "said", "fit"),
    [
        (KIOSK, "What do two paddles cost?", "They cost 6.00.", True),
        (KIOSK, "What does a life jacket cost?", "A life jacket costs 21.00.", False),
        (KIOSK, "How many people were ahead of me?", "There were 2 people ahead of you.", False),
        (KIOSK, "When do they close?", "They close at 17:15.", False),
        (KIOSK, "Until when can I go on board?", "You can go on board until 17:15.", True),
        (KIOSK, "How long is the boat?", "It is 4 metres long.", False),
        (KIOSK, "When is the next one due?", "The next one is due at the deck.", False),
        (COURSES, "When is the choir?", "The choir is on Tuesday at 18:00.", True),
        (COURSES, "When is the knitting class?", "The knitting class is on Tuesday at 18:00.", False),
        (HEATS, "How old is Lindt?", "Lindt is 17 years old.", True),
        (HEATS, "On which track does Moreau run?", "Moreau runs on track 2.", False),
    ],
)
def test_a_figure_answers_for_its_row_its_event_and_its_unit(
    entries: list[str], asked: str, said: str, fit: bool
) -> None:
    assert figures_fit(said, asked, entries) is fit


def test_a_price_of_something_else_is_wrong_whatever_the_question_is_about() -> None:
    assert names_wrong_figure("A beer is 5.20.", "What's a beer?", MENU)
    assert names_wrong_figure("Red won 3.", "How many races were won by Red?", TABLE)
    assert not names_wrong_figure("A dog has 4 legs.", "How many legs has a dog?", TABLE)
    assert not names_wrong_figure("A soup is 5.20.", "What's a soup?", MENU)
    assert not names_wrong_figure("A beer is a drink of barley.", "What's a beer?", MENU)
