"""The memory of signs: arrivals, changes, and readings of different certainty."""

from __future__ import annotations

from vision.reading.sign_memory import REMEMBERED_S, SignMemory
from vision.reading.signs import Sign
from vision.reading.text_line import TextLine
from vision.scene_event import SceneEvent

HERE, THERE = (0.1, 0.1, 0.4, 0.3), (0.6, 0.6, 0.9, 0.8)


def sign(text: str, score: float = 0.98, box: tuple[float, float, float, float] = HERE) -> Sign:
    return Sign((TextLine(text, score, box),))


def present(memory: SignMemory) -> list[str]:
    return [known.text for known in memory.signs if known.is_there]


def test_a_sign_that_comes_and_goes_is_reported_and_forgotten_later() -> None:
    memory = SignMemory()
    assert memory.read([sign("EXIT 42")], 1.0) == [SceneEvent("text appeared", 1.0, text="EXIT 42")]
    assert memory.read([sign("EXIT 42")], 2.0) == []
    assert memory.read([], 3.0) == []  # one reading may fail
    assert present(memory) == []
    assert memory.read([], 4.0) == [SceneEvent("text gone", 4.0, text="EXIT 42")]
    assert [(known.text, known.since, known.at) for known in memory.signs] == [("EXIT 42", 1.0, 2.0)]
    assert memory.read([], 4.0 + REMEMBERED_S) == []
    assert memory.signs == []


def test_one_missed_reading_is_not_a_departure() -> None:
    memory = SignMemory()
    memory.read([sign("EXIT 42")], 1.0)
    assert memory.read([], 2.0) + memory.read([sign("EXIT 42")], 3.0) == []
    assert present(memory) == ["EXIT 42"]
    assert memory.signs[0].since == 1.0


def test_a_poor_reading_does_not_replace_a_good_one() -> None:
    memory = SignMemory()
    memory.read([sign("EXIT 42", 0.99)], 1.0)
    assert memory.read([sign("EX1T 4Z", 0.76)], 2.0) == []
    assert present(memory) == ["EXIT 42"]


def test_a_better_reading_replaces_a_poor_one_without_a_report() -> None:
    memory = SignMemory()
    memory.read([sign("EX1T 42", 0.76)], 1.0)
    assert memory.read([sign("EXIT 42", 0.99)], 2.0) == []
    assert present(memory) == ["EXIT 42"]


def test_one_changed_digit_is_a_change() -> None:
    memory = SignMemory()
    memory.read([sign("EXIT 42")], 1.0)
    assert memory.read([sign("EXIT 48")], 2.0) == [SceneEvent("text changed", 2.0, text="EXIT 48", before="EXIT 42")]
    assert present(memory) == ["EXIT 48"]


def test_other_words_in_the_same_place_are_a_change() -> None:
    memory = SignMemory()
    memory.read([sign("OPEN")], 1.0)
    assert memory.read([sign("back at noon")], 2.0) == [
        SceneEvent("text changed", 2.0, text="back at noon", before="OPEN")
    ]
    assert present(memory) == ["back at noon"]


def test_the_same_words_elsewhere_are_the_same_sign() -> None:
    memory = SignMemory()
    memory.read([sign("EXIT 42")], 1.0)
    assert memory.read([sign("EXIT 42", box=THERE)], 2.0) == []
    assert memory.signs[0].box == THERE


def test_a_part_of_a_sign_is_not_a_new_sign() -> None:
    memory = SignMemory()
    memory.read([sign("NO PARKING 8 AM TO 6 PM")], 1.0)
    memory.read([sign("NO PARKING 8 AM TO"), sign("6 PM", box=(0.2, 0.2, 0.3, 0.3))], 2.0)
    assert len(memory.signs) == 1


def test_spaces_and_case_do_not_count_as_a_change() -> None:
    memory = SignMemory()
    memory.read([sign("NO PARKING")], 1.0)
    assert memory.read([sign("No Parking"), sign("EXIT", box=THERE)], 2.0) == [
        SceneEvent("text appeared", 2.0, text="EXIT")
    ]


def test_signs_are_remembered_when_the_camera_is_lost() -> None:
    memory = SignMemory()
    memory.read([sign("EXIT 42")], 1.0)
    memory.camera_lost()
    assert present(memory) == []
    assert memory.signs[0].text == "EXIT 42"
    assert memory.read([sign("EXIT 42")], 9.0) == [SceneEvent("text returned", 9.0, text="EXIT 42")]


def test_the_number_of_signs_is_bounded() -> None:
    memory = SignMemory()
    for at in range(300):
        memory.read([sign(f"{chr(0x4E00 + at) * 6}")], at / 10)
    assert len(memory.signs) <= 20
