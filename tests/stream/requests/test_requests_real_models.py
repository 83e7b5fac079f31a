"""Questions about made pictures and a made film, with the real vision, ASR and language models of the laptop setup.

Tests `message_intake` and `request_answers` through `ChatRequests`.

Also tests `message_intake.py` and `request_answers.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from stream.media.media_file import perceive
from stream.models.parts import Parts, open_parts
from stream.models.setup import SETUPS
from stream.models.weights import WeightStore
from stream.requests.chat_requests import ChatRequests
from stream.requests.request_message import Film, Item, RequestMessage
from tests.browser.made_media import BACKGROUND, HEIGHT, WIDTH, Rgb, side_by_side, sign
from tests.loaded_once import models_loaded_once
from tests.stream.showing.made_files import write_film
from vision.picture import Picture

__all__ = ["models_loaded_once"]

SETUP = SETUPS["laptop"]
WALL = np.full((HEIGHT, WIDTH, 3), BACKGROUND, np.uint8)
SAID = "The train leaves at seven in the morning."


@pytest.fixture(scope="module")
def parts(weights: WeightStore) -> Iterator[Parts]:
    opened = asyncio.run(open_parts(SETUP, weights))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def cat() -> Rgb:
    return side_by_side(np.asarray(skimage.data.chelsea()))


@pytest.fixture(scope="module")
def astronaut() -> Rgb:
    return side_by_side(np.asarray(skimage.data.astronaut()))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds: a sign all the time, a sentence spoken from the second second on."""
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", SAID, sign("EXIT 42"), seconds=8)


def asked(parts: Parts, *items: Item) -> str:
    return conversation(parts, [RequestMessage("user", items)])


def conversation(parts: Parts, messages: Sequence[RequestMessage]) -> str:
    async def main() -> str:
        return "".join([piece async for piece in ChatRequests(parts, SETUP).answer(messages)]).strip()

    return asyncio.run(main())


def picture(rgb: Rgb) -> Picture:
    return Picture(rgb, 0.0, source="file")


def test_what_appears_in_the_second_picture_has_changed(parts: Parts, cat: Rgb) -> None:
    assert "cat" in asked(parts, picture(WALL), picture(cat), "What has changed?")


def test_what_is_gone_in_the_second_picture_has_changed(parts: Parts, cat: Rgb) -> None:
    reply = asked(parts, picture(cat), picture(WALL), "What has changed?")
    assert "cat is gone" in reply


def test_one_thing_in_place_of_another_is_a_change(parts: Parts, cat: Rgb, astronaut: Rgb) -> None:
    reply = asked(parts, picture(cat), picture(astronaut), "What has changed?")
    assert "cat" in reply and ("person" in reply or "someone" in reply.lower())


def test_another_text_is_a_change(parts: Parts) -> None:
    reply = asked(parts, picture(sign("OPEN")), picture(sign("CLOSED")), "What has changed?")
    assert "OPEN" in reply and "CLOSED" in reply


def test_two_equal_pictures_show_no_change(parts: Parts, cat: Rgb) -> None:
    reply = asked(parts, picture(cat), picture(cat), "What has changed?").lower()
    assert "cat" not in reply
    assert "no difference" in reply


def test_a_picture_of_a_later_message_is_compared_with_the_one_before(parts: Parts, cat: Rgb) -> None:
    reply = conversation(
        parts,
        [
            RequestMessage("user", [picture(WALL), "What do you see?"]),
            RequestMessage("assistant", ["Nothing that I know."]),
            RequestMessage("user", [picture(cat), "What has changed?"]),
        ],
    )
    assert "cat" in reply


def test_the_picture_that_shows_something_is_named(parts: Parts, cat: Rgb, astronaut: Rgb) -> None:
    shown = [picture(astronaut), picture(cat)]
    assert asked(parts, *shown, "Which of these shows a cat?") == "The second picture."
    assert asked(parts, *shown, "In which picture do you see a person?") == "The first picture."
    assert asked(parts, *shown, "Which picture has a dog?").startswith("None of them")


def test_things_are_counted_in_each_picture_and_in_the_one_that_is_named(parts: Parts, astronaut: Rgb) -> None:
    two = side_by_side(np.asarray(skimage.data.astronaut()), np.asarray(skimage.data.astronaut()))
    shown = [picture(astronaut), picture(two)]
    reply = asked(parts, *shown, "How many people are in each picture?")
    assert reply == "One person in picture 1 and two people in picture 2."
    assert "two" in asked(parts, *shown, "How many people are in the second picture?").lower()
    assert "two" not in asked(parts, *shown, "How many people are in the first picture?").lower()


def test_the_text_of_the_named_picture_is_read(parts: Parts) -> None:
    shown = [picture(sign("OPEN")), picture(sign("CLOSED"))]
    assert "OPEN" in asked(parts, *shown, "What does the first picture say?")
    assert "CLOSED" in asked(parts, *shown, "What does the last picture say?")
    assert asked(parts, *shown, "Which picture says closed?") == "The second picture."


def test_a_sign_in_a_film_is_read_although_somebody_speaks(parts: Parts, film: Path) -> None:
    reply = asked(parts, Film(perceive(film, 2.0)), "What does the sign say?")
    assert "EXIT 42" in reply
    assert "train" not in reply


def test_what_is_said_in_a_film_is_quoted_where_it_is_asked_for(parts: Parts, film: Path) -> None:
    reply = asked(parts, Film(perceive(film, 2.0)), "What is being said?")
    assert "train leaves" in reply
    assert "EXIT" not in reply
