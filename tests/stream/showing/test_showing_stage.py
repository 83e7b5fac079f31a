"""Files that a user shows, through the real vision and ASR models: understood in order, or refused with a sentence.

Also tests `film_speech.py`, `film_watching.py`, `stream/runtime/shown.py`, `vision/picture_time.py` and
`vision/thumbnail.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from fpdf import FPDF

from dialogue.blocks import PictureBlock
from dialogue.engine import Capabilities
from stream.models.parts import Parts, open_parts
from stream.models.setup import SETUPS
from stream.models.weights import WeightStore
from stream.runtime.link import Link
from stream.runtime.shown import FileShown, ShownChanged
from stream.showing.showing_stage import ShowingStage
from stream.showing.shown_book import ShownBook
from tests.browser.made_media import side_by_side
from tests.loaded_once import models_loaded_once
from tests.stream.showing.made_files import write_film, write_receipt

__all__ = ["models_loaded_once"]

BLIND, SEEING = Capabilities(False, False, False), Capabilities(False, True, False)


@pytest.fixture(scope="module")
def parts(weights: WeightStore) -> Iterator[Parts]:
    opened = asyncio.run(open_parts(SETUPS["laptop"], weights))
    yield opened
    opened.close()


def shown(parts: Parts, folder: Path, *paths: Path, can: Capabilities = BLIND) -> tuple[ShownBook, list[ShownChanged]]:
    """Shows the files, one after the other, and waits until all are taken in."""
    events: list[ShownChanged] = []

    async def whole() -> ShownBook:
        now = asyncio.get_running_loop().time
        fed = asyncio.Semaphore(0)

        def emit(event: object) -> None:
            assert isinstance(event, ShownChanged)
            events.append(event)
            if event.state in ("ready", "failed"):
                fed.release()

        async def nothing() -> None:
            pass

        book = ShownBook(rules=not can.sees, camera=lambda: False, now=now)
        stage = ShowingStage(parts, can, book, Link(now, emit), nothing)
        running = asyncio.create_task(stage.run())
        for number, path in enumerate(paths, 1):
            (own := folder / str(number)).mkdir(exist_ok=True)
            stage.show(FileShown(number, Path(path.rename(own / path.name))))
        for _ in paths:
            await asyncio.wait_for(fed.acquire(), 60)
        await asyncio.sleep(0.1)
        running.cancel()
        return book

    return asyncio.run(whole()), events


def test_receipts_are_read_compared_and_added(parts: Parts, tmp_path: Path) -> None:
    first = write_receipt(
        tmp_path / "market.png", "CITY MARKET", "2026-11-20  17:42", ("Milk", "1.35"), ("TOTAL", "12.30")
    )
    second = write_receipt(tmp_path / "bakery.png", "BAKERY", "2026-11-18  09:12", ("Roll", "0.60"), ("TOTAL", "4.20"))
    book, events = shown(parts, tmp_path, first, second)

    async def ask(question: str) -> str | None:
        return (await book.consider(question))[0]

    assert asyncio.run(ask("Add up these receipts.")) == "12.30 and 4.20 make 16.50."
    assert (asyncio.run(ask("Which of these two is newer?")) or "").startswith("The first one")
    assert [event.state for event in events if event.number == 1] == ["waiting", "reading", "ready"]
    assert any(event.thumbnail for event in events)
    assert not list(tmp_path.rglob("*.png")), "the copies are removed"
    [block, _] = book.take_blocks()
    assert "12.30" in str(block)


def test_a_film_is_watched_and_heard_with_times(parts: Parts, tmp_path: Path) -> None:
    cat = side_by_side(np.asarray(skimage.data.chelsea()))
    film = write_film(tmp_path / "film.mp4", "The train leaves at seven.", cat, shows_from_s=6.0, seconds=12)
    book, events = shown(parts, tmp_path, film)
    said, _ = asyncio.run(book.consider("Summarise the film."))
    assert said is not None
    assert "train leaves at" in said and "a cat" in said
    assert any("6" in part or "7" in part for part in said.split() if part.startswith("0:0")), said
    done = [event.done for event in events if event.state == "reading"]
    assert done == sorted(done) and len(done) > 3


def test_a_scanned_page_is_read(parts: Parts, tmp_path: Path) -> None:
    scan = write_receipt(tmp_path / "scan.png", "INVOICE 7731", "3 May 2026", ("TOTAL", "88.00"))
    sheet = FPDF()
    sheet.add_page()
    sheet.image(str(scan), x=20, y=20, w=120)
    sheet.output(str(tmp_path / "scan.pdf"))
    book, _ = shown(parts, tmp_path, tmp_path / "scan.pdf")
    assert asyncio.run(book.consider("What's the total?"))[0] == "The total is 88.00."


def test_what_cannot_be_used_gets_a_sentence_and_the_next_is_taken_in(parts: Parts, tmp_path: Path) -> None:
    (corrupt := tmp_path / "holiday.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 40)
    cv2.imwrite(str(large := tmp_path / "huge.bmp"), np.zeros((4100, 4100, 3), np.uint8))  # 50 MB
    locked = FPDF()
    locked.add_page()
    locked.set_encryption(owner_password="a", user_password="b")
    locked.output(str(tmp_path / "secret.pdf"))
    sheet = FPDF()
    sheet.add_page()
    sheet.set_font("helvetica", size=14)
    sheet.cell(text="The meeting is on 3 May 2026 in room 204.")
    sheet.output(str(tmp_path / "note.pdf"))
    paths = corrupt, large, tmp_path / "secret.pdf", tmp_path / "note.pdf"
    book, events = shown(parts, tmp_path, *paths)
    failed = {event.number: event.text for event in events if event.state == "failed"}
    assert set(failed) == {1, 2, 3}
    assert "holiday.mp4" in failed[1]
    assert "40 MB" in failed[2]
    assert "password" in failed[3]
    said, _ = asyncio.run(book.consider("Read it to me."))
    assert said is not None and "room 204" in said


def test_an_engine_that_sees_gets_the_pictures_in_order(parts: Parts, tmp_path: Path) -> None:
    for name, value in (("a.png", 40), ("b.png", 200)):
        cv2.imwrite(str(tmp_path / name), np.full((40, 60, 3), value, np.uint8))
    book, _ = shown(parts, tmp_path, tmp_path / "a.png", tmp_path / "b.png", can=SEEING)
    blocks = [block for block in book.take_blocks() if isinstance(block, PictureBlock)]
    assert [int(block.rgb.mean()) for block in blocks] == [40, 200]
    assert asyncio.run(book.consider("Which is newer?"))[0] is None
