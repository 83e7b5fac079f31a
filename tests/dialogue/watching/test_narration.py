"""What is said of scripted scenes while they happen: the news, once, the most important first, and not too much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dialogue.blocks import Place, SceneBlock
from dialogue.watching.narration import MOST_AT_ONCE, PAUSE_S, REPEAT_S, STALE_S, URGENT_PAUSE_S, Narration, saying
from tests.dialogue.watching.scenes import scene

LOOK_S, SPEAKS_S = 0.25, 1.0


class Watched:
    """A narration that is always listened to, unless the user `talks`."""

    def __init__(self, first: SceneBlock) -> None:
        self.narration, self.at = Narration(first), 0.0
        self.said: list[tuple[float, str]] = []
        self._free_at = 0.0

    def lasts(self, seconds: float, *things: str, talks: bool = False, **fields: Any) -> Watched:
        for _ in range(round(seconds / LOOK_S)):
            self.narration.see(scene(self.at, *things, **fields))
            if not talks and self.at >= self._free_at and (news := self.narration.news(self.at)):
                self.said.append((self.at, saying(news)))
                self._free_at = self.at + SPEAKS_S
                self.narration.said(news, self._free_at)
            self.at += LOOK_S
        return self

    @property
    def words(self) -> list[str]:
        return [words for _, words in self.said]


def begun() -> Watched:
    """A narration of an empty room that has said so."""
    watched = Watched(scene(0)).lasts(6.0)
    watched.said.clear()
    return watched


def test_it_begins_with_everything_in_view() -> None:
    watched = Watched(scene(0, "person left", "cup", text="EXIT")).lasts(5.0, "person left", "cup", text="EXIT")
    assert watched.said == [(0.0, "A person on the left, a cup; a sign says “EXIT”.")]


def test_it_waits_for_the_camera() -> None:
    watched = Watched(scene(0, camera=False)).lasts(3.0, camera=False)
    assert watched.said == []
    assert watched.lasts(3.0, "cup").words == ["A cup."]


def test_what_changes_is_said_soon_and_once() -> None:
    watched = begun().lasts(9.0, "person left")
    assert watched.words == ["A person on the left."]
    assert watched.said[0][0] == 6.0 + LOOK_S, "the second look"


def test_coming_and_going() -> None:
    watched = begun().lasts(10.0, "person left").lasts(10.0, "person left", "person right").lasts(10.0, "cup")
    assert watched.words == ["A person on the left.", "Another person on the left.", "The people left, and a cup."]


def test_text_and_light() -> None:
    watched = begun().lasts(10.0, text="EXIT 42").lasts(10.0, light="dark").lasts(10.0, text="EXIT 42")
    assert watched.words == ["I read “EXIT 42”.", "It got dark.", "There is light again."]


def test_a_flicker_is_not_news() -> None:
    watched = begun()
    for _ in range(10):
        watched.lasts(LOOK_S, "cup").lasts(1.0)
    assert watched.said == []


def test_a_detection_that_comes_and_goes_is_not_repeated() -> None:
    watched = begun()
    for _ in range(8):
        watched.lasts(1.0, "cup").lasts(1.0)
    assert len(watched.said) <= 1 + 16 / REPEAT_S


def test_what_passes_while_the_user_talks_is_not_said() -> None:
    watched = begun().lasts(2.0, "dog", talks=True).lasts(2.0, "cup", talks=True).lasts(5.0)
    assert watched.said == []


def test_the_most_important_comes_first_and_the_rest_later() -> None:
    watched = begun().lasts(2.0, "cup", "book", "person", text="EXIT", talks=True)
    watched.lasts(STALE_S, "cup", "book", "person", text="EXIT")
    assert watched.words[0] == "A person, and I read “EXIT”."
    assert watched.words[0].count(", and ") < MOST_AT_ONCE
    assert watched.words[1:] == ["A cup, and a book."]
    assert watched.said[1][0] >= watched.said[0][0] + SPEAKS_S + PAUSE_S


def test_old_news_of_things_is_not_said_and_of_people_is() -> None:
    watched = begun().lasts(STALE_S + 2, "cup", "person", talks=True).lasts(5.0, "cup", "person")
    assert watched.words == ["A person."]


def test_people_need_not_wait_as_long_as_things() -> None:
    watched = begun().lasts(1.5, "cup").lasts(4.0, "cup", "person")
    assert watched.words == ["A cup.", "A person."]
    gap_s = watched.said[1][0] - watched.said[0][0] - SPEAKS_S
    assert URGENT_PAUSE_S <= gap_s < PAUSE_S


def test_there_is_a_time_at_which_to_look_again() -> None:
    watched = begun().lasts(1.0, "cup", "book", "chair")
    assert len(watched.said) == 1
    wait_s = watched.narration.wait_s(watched.at)
    assert wait_s is not None and wait_s > 0
    assert watched.narration.news(watched.at) == () != watched.narration.news(watched.at + wait_s)
    assert begun().narration.wait_s(6.0) is None


@dataclass(frozen=True)
class NarratedMovement:
    kind: str
    label: str
    at: float
    colour: str = ""
    place: Place = "right"


def test_what_comes_closer_is_said_first() -> None:
    watched = begun().lasts(9.0, "person right")
    watched.narration.happened(NarratedMovement("approached", "person", watched.at))
    assert watched.lasts(6.0, "person right", "cup").words[1:] == [
        "The person is coming closer on the right.",
        "A cup.",
    ]


def test_what_has_just_come_is_not_said_to_come_closer() -> None:
    watched = begun()
    watched.narration.happened(NarratedMovement("approached", "person", watched.at))
    watched.narration.happened(NarratedMovement("approached", "cup", watched.at))
    assert watched.lasts(6.0, "person right").words == ["A person on the right."]


def test_a_camera_that_is_off_is_said_and_things_did_not_leave() -> None:
    watched = begun().lasts(9.0, "cup").lasts(5.0, camera=False).lasts(5.0, "cup")
    assert watched.words == ["A cup.", "I see nothing any more.", "The camera is on again."]


def test_pictures_that_are_lost_for_a_moment_are_not_worth_words() -> None:
    assert begun().lasts(1.5, camera=False).lasts(5.0).words == []


def test_a_camera_that_sends_nothing_more_is_said_although_no_scene_comes() -> None:
    watched = begun().lasts(LOOK_S, camera=False)
    wait_s = watched.narration.wait_s(watched.at)
    assert wait_s is not None and saying(watched.narration.news(watched.at + wait_s)) == "I see nothing any more."
