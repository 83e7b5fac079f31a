"""Pictures, a film, a PDF and files that cannot be used, shown in a call in the browser and asked about."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import skimage.data
from fpdf import FPDF

from tests.browser.call_fixtures import OpenPage
from tests.browser.made_media import side_by_side
from tests.browser.person import ANSWER_WITHIN_MS, Person
from tests.stream.showing.made_files import write_film, write_receipt

READY_WITHIN_MS = 60_000
DROP = """([name, type, text]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type }));
  document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}"""


def drop(person: Person, path: Path, kind: str) -> None:
    person.page.evaluate(DROP, [path.name, kind, base64.b64encode(path.read_bytes()).decode()])


def write_note(path: Path) -> Path:
    sheet = FPDF()
    sheet.add_page()
    sheet.set_font("helvetica", size=14)
    sheet.cell(text="The meeting is on 3 May 2026 in room 204.")
    sheet.output(str(path))
    return path


def test_receipts_and_a_film_are_asked_about_and_a_broken_film_costs_no_call(
    call_page: OpenPage, tmp_path: Path
) -> None:
    market = write_receipt(
        tmp_path / "market.png", "CITY MARKET", "2026-11-20  17:42", ("Milk", "1.35"), ("TOTAL", "12.30")
    )
    bakery = write_receipt(tmp_path / "bakery.png", "BAKERY", "2026-11-18  09:12", ("Roll", "0.60"), ("TOTAL", "4.20"))
    cat = side_by_side(np.asarray(skimage.data.chelsea()))
    film = write_film(tmp_path / "film.mp4", "The train leaves at seven.", cat, shows_from_s=5.0, seconds=9)
    (broken := tmp_path / "broken.mp4").write_bytes(film.read_bytes()[:3000])

    person = call_page()
    page = person.page
    person.start()
    page.set_input_files("#show-file", [market])
    drop(person, bakery, "image/png")
    for number in (1, 2):
        page.locator(f'#captions li[data-shown="{number}"][data-state="ready"] canvas').wait_for(
            timeout=READY_WITHIN_MS
        )
    person.type("Add up these receipts.")
    assert person.reply(1)["text"] == "12.30 and 4.20 make 16.50."
    person.type("Which of them is newer?")
    assert person.reply(2)["text"].startswith("The first one")

    drop(person, broken, "video/mp4")
    page.locator('#captions li[data-shown="3"][data-state="failed"]', has_text="broken.mp4").wait_for(
        timeout=READY_WITHIN_MS
    )
    drop(person, film, "video/mp4")
    page.locator('#captions li[data-shown="4"][data-state="ready"]').wait_for(timeout=READY_WITHIN_MS)
    assert "train leaves" in (page.text_content('#captions li[data-shown="4"]') or "")
    person.type("When does the cat appear in the film?")
    assert person.reply(3)["text"] in {f"I first see the cat at 0:0{second}." for second in (5, 6)}
    drop(person, write_note(tmp_path / "note.pdf"), "application/pdf")
    page.locator('#captions li[data-shown="5"][data-state="ready"]').wait_for(timeout=READY_WITHIN_MS)
    person.type("What does the document say?")
    assert "room 204" in person.reply(4)["text"]
    page.screenshot(path=str(tmp_path / "shown.png"))
    page.locator("#say-text").wait_for(timeout=ANSWER_WITHIN_MS)
