"""Makes the pictures of docs/gallery.md: real calls in Chromium, with the embedded models.

    python docs/make_gallery.py CHROMIUM

Prints what was said in each.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import skimage.data
from playwright.sync_api import ViewportSize, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # the tests' devices and files

from tests.browser.call_fixtures import Studio, open_studio  # noqa: E402
from tests.browser.made_media import Rgb, side_by_side, sign  # noqa: E402
from tests.browser.person import Person  # noqa: E402
from tests.browser.served import ServerProcess  # noqa: E402
from tests.stream.showing.made_files import write_film, write_receipt  # noqa: E402
from ui.host.home import home  # noqa: E402

PICTURES = ROOT / "docs" / "images" / "gallery"
SIZE: ViewportSize = {"width": 1120, "height": 700}
READY_WITHIN_MS = 90_000


def main(chromium: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    server, folder = ServerProcess(home()), Path(tempfile.mkdtemp())
    try:
        with sync_playwright() as playwright, open_studio(playwright, chromium, folder) as studio:
            for scene in (desk, timetable, receipts, film):
                scene(studio, server.url)
    finally:
        server.close()


def desk(studio: Studio, url: str) -> None:
    """A person and a cat, asked about."""
    pictures = [np.asarray(photo) for photo in (skimage.data.astronaut(), skimage.data.chelsea())]
    person = called(studio, url, side_by_side(*pictures))
    person.wait_until_seen("cat")
    ask(person, "people", "What do you see?", "Where is the cat?")


def timetable(studio: Studio, url: str) -> None:
    """A sign, read."""
    person = called(studio, url, sign("PLATFORM 4", "LONDON 17:42"))
    person.wait_until_seen("PLATFORM 4")
    ask(person, "sign", "What does the sign say?")


def receipts(studio: Studio, url: str) -> None:
    """Two receipts, dropped on the page."""
    person = called(studio, url, sign("HELLO"))
    market = write_receipt(
        studio.folder / "market.png",
        "CITY MARKET",
        "2026-11-20  17:42",
        ("Milk", "1.35"),
        ("Cheese", "10.95"),
        ("TOTAL", "12.30"),
    )
    bakery = write_receipt(
        studio.folder / "bakery.png", "BAKERY", "2026-11-18  09:12", ("Rolls", "4.20"), ("TOTAL", "4.20")
    )
    show(person, market, bakery)
    ask(person, "receipts", "Add up these receipts.", "Which of them is newer?")


def film(studio: Studio, url: str) -> None:
    """A film with a sentence and a cat, dropped on the page."""
    person = called(studio, url, sign("HELLO"))
    cat = side_by_side(np.asarray(skimage.data.chelsea()))
    show(
        person, write_film(studio.folder / "film.mp4", "The train leaves at seven.", cat, shows_from_s=6.0, seconds=11)
    )
    ask(person, "film", "When does the cat appear in the film?")


def called(studio: Studio, url: str, shows: Rgb) -> Person:
    """A person in a call, whose camera shows this."""
    studio.put([1.0], shows)
    person = studio.visit(url)
    person.page.set_viewport_size(SIZE)
    person.start()
    return person


def show(person: Person, *files: Path) -> None:
    person.page.set_input_files("#show-file", list(files))
    for number in range(1, len(files) + 1):
        item = person.page.locator(f'#captions li[data-shown="{number}"][data-state="ready"]')
        item.wait_for(timeout=READY_WITHIN_MS)


def ask(person: Person, name: str, *questions: str) -> None:
    """Types the questions, and takes the picture with the answers."""
    for number, question in enumerate(questions, 1):
        person.type(question)
        print(f"{name}: {question} -> {person.reply(number)['text']}", flush=True)
    person.page.wait_for_timeout(1500)
    person.page.screenshot(path=PICTURES / f"{name}.jpg", type="jpeg", quality=80)
    person.page.context.close()


if __name__ == "__main__":
    main(sys.argv[1])
