"""Looking: a picture goes in, the scene of a session is up to date. Weights are shared, a Look is one session's state.

Blocks for as long as the models take; whoever calls does so in a thread of its own.
"""

from __future__ import annotations

from vision.box import Box, grown
from vision.colours import brightness, dominant_colours
from vision.detect import VIEWS, Detector
from vision.picture import Picture
from vision.read_text import Reader
from vision.scene import Scene
from vision.signs import TextLine, signs_of
from vision.tracking import Track, Tracker

WEAK = 0.3  # detections from this score on take part in the vote


class Look:
    """What one session has seen so far."""

    def __init__(self) -> None:
        self.scene = Scene()
        self._tracker = Tracker()
        self._looks = 0
        self._lines: list[TextLine] = []

    def tracks(self) -> list[Track]:
        """Things believed to be there now."""
        return self._tracker.tracks()

    def lines(self) -> list[TextLine]:
        """Writing found by the newest reading."""
        return list(self._lines)

    def camera_lost(self, at: float) -> None:
        """No pictures come any more."""
        self._tracker.clear()
        self._lines = []
        self._looks = 0
        self.scene.camera_lost(at)


class Eyes:
    """The models, shared by all sessions."""

    def __init__(self, detector: Detector, reader: Reader) -> None:
        self._detector, self._reader = detector, reader

    def glance(self, look: Look, picture: Picture) -> None:
        """Find and follow things. Each look in turn sees the picture another way, so that errors do not agree."""
        view = VIEWS[look._looks % len(VIEWS)]
        look._looks += 1
        things = look._tracker.update(self._detector.detect(picture.rgb, view, WEAK), picture.at)
        _tell(look, things, picture)

    def read(self, look: Look, picture: Picture) -> None:
        """Read what is written."""
        look._lines = self._reader.read(picture.rgb)
        look.scene.see_signs(signs_of(look._lines, picture.width / picture.height), picture.at)

    def look_once(self, picture: Picture) -> Look:
        """Everything a single picture gives: all views, one reading, decided at once."""
        look = Look()
        for view in VIEWS:
            look._tracker.update(self._detector.detect(picture.rgb, view, WEAK), picture.at)
        _tell(look, look._tracker.confirm_now(), picture)
        self.read(look, picture)
        return look


def _tell(look: Look, things: list[Track], picture: Picture) -> None:
    colours = {}
    for thing in things:
        found = dominant_colours(picture.rgb, _middle(thing), 1)
        if found:
            colours[thing.number] = found[0][0]
    background = [name for name, _ in dominant_colours(picture.rgb)]
    look.scene.see_things(things, colours, background, brightness(picture.rgb)[1], picture.at)


def _middle(thing: Track) -> Box:
    """Where a thing shows its own colour: its inner half, and of a person the clothes below the head."""
    left, top, right, bottom = thing.box
    if thing.label == "person":
        return left + 0.25 * (right - left), top + 0.45 * (bottom - top), right - 0.25 * (right - left), bottom
    inner = grown(thing.box, -0.2 * (right - left), -0.2 * (bottom - top))
    return inner if inner[2] > inner[0] and inner[3] > inner[1] else thing.box
