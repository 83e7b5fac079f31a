"""What is said and seen in a film becomes a text with times."""

from __future__ import annotations

from dialogue.blocks import Fact, SceneBlock
from dialogue.shown.shown_thing import SaidAt, ShownThing, View
from ui.commands.long_texts.ask_film import film_sections


def test_speech_is_joined_to_stretches_and_views_stand_between() -> None:
    said = [SaidAt(f"Sentence {n}.", 10.0 * n, 10.0 * n + 4) for n in range(8)]
    sign = Fact("text", "text", text="EXIT 42")
    view = View(SceneBlock((sign,), 'The sign says "EXIT 42".', 45.0, camera=False), ("EXIT 42",), 45.0)
    film = ShownThing(1, 1, "film", "trip", (view,), tuple(said), seconds=7205.0)
    sections = list(film_sections(film))
    assert [each.place for each in sections] == ["0:00", "0:30", "0:45", "1:00"]
    assert sections[0].text == "Sentence 0. Sentence 1. Sentence 2."
    assert "EXIT 42" in sections[2].text
